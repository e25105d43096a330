using System.Collections.Immutable;
using MambaQuant.Grains.Contracts;

namespace MambaQuant.Grains.Workers;

/// <summary>What a slot is at, and what it still has to tell its job. Thread-safe.</summary>
/// <remarks>
/// Words reach a slot twice: called out to it, and in the answers to its own calls; in any order, late, or never. Each has a version: what is older
/// than what the slot knows already counts for nothing, and an attempt that has ended is never begun again.
/// </remarks>
/// <param name="run">Has an item computed, behind those that came before.</param>
internal sealed class SlotWork(Action<Assignment> run)
{
    private readonly Lock _gate = new();
    private readonly List<WorkReport> _reports = [];
    private readonly HashSet<HeldLease> _over = [];
    private string? _job;
    private string? _ordered;
    private Assignment? _running;
    private long _version;
    private bool _isStopping;

    /// <summary>The job that it works for; null for none.</summary>
    public string? Job
    {
        get
        {
            lock (_gate)
            {
                return _job;
            }
        }
    }

    /// <summary>Whether it was told to stop.</summary>
    public bool IsStopping
    {
        get
        {
            lock (_gate)
            {
                return _isStopping;
            }
        }
    }

    /// <summary>Whether it has nothing to compute and nothing to tell.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_gate)
            {
                return _running is null && _reports.Count == 0;
            }
        }
    }

    /// <summary>How far it is with the item that it is at; null for none.</summary>
    public LeaseProgress? Progress
    {
        get
        {
            lock (_gate)
            {
                return _running?.Progress;
            }
        }
    }

    /// <summary>The job that it is to turn to once it has nothing to do; null for none.</summary>
    public string? Ordered
    {
        get
        {
            lock (_gate)
            {
                return _isStopping || _ordered == _job ? null : _ordered;
            }
        }

        set
        {
            lock (_gate)
            {
                _ordered = value;
            }
        }
    }

    /// <summary>What it has to tell.</summary>
    public ImmutableArray<WorkReport> Reports
    {
        get
        {
            lock (_gate)
            {
                return [.. _reports.Select(report => report with { Asks = report.Asks && !_isStopping })];
            }
        }
    }

    /// <summary>It joins a job.</summary>
    /// <param name="job">The job.</param>
    public void Join(string job)
    {
        lock (_gate)
        {
            Clear();
            _job = job;
        }
    }

    /// <summary>It leaves its job, if it has nothing to do there.</summary>
    /// <param name="job">The job.</param>
    /// <returns>Whether it did.</returns>
    public bool TryLeave(string job)
    {
        lock (_gate)
        {
            if (_job != job || _running is not null || _reports.Count > 0)
            {
                return false;
            }

            Clear();
            return true;
        }
    }

    /// <summary>A job gives it an item.</summary>
    /// <param name="job">The job.</param>
    /// <param name="lease">Item and attempt.</param>
    /// <param name="version">How old the word is.</param>
    public void Start(string job, HeldLease lease, long version)
    {
        lock (_gate)
        {
            if (job == _job && version >= _version)
            {
                _version = version;
                Begin(lease);
            }
        }
    }

    /// <summary>A job ends an attempt.</summary>
    /// <param name="job">The job.</param>
    /// <param name="lease">Item and attempt.</param>
    /// <param name="keep">Whether it is to stop where something is kept, instead of at once.</param>
    public void Cancel(string job, HeldLease lease, bool keep)
    {
        lock (_gate)
        {
            if (_running is { } running && running.Job == job && running.Lease == lease)
            {
                (keep ? running.Stop : running.Abandon).Cancel();
            }
        }
    }

    /// <summary>Does what a job's answer says.</summary>
    /// <param name="job">The job.</param>
    /// <param name="reply">Its answer.</param>
    /// <param name="told">How many reports it answers.</param>
    /// <returns>The item that it drops because its lease is over; null for none.</returns>
    public HeldLease? Take(string job, SlotReply reply, int told)
    {
        lock (_gate)
        {
            if (_job != job || reply.Standing == SlotStanding.NotYet)
            {
                return null;
            }

            _reports.RemoveRange(0, told);
            if (reply.Standing is SlotStanding.Ended or SlotStanding.Refused)
            {
                Clear();
                return null;
            }

            if (reply.Standing == SlotStanding.Stranger)
            {
                // The job does not know it, or not any more: what it counts from now on, attempts and versions, may begin anew.
                HeldLease? lost = _running?.Lease;
                Clear();
                _job = job;
                return lost;
            }

            if (reply.Version < _version)
            {
                return null;
            }

            _version = reply.Version;
            HeldLease? dropped = _running is { } running && running.Lease != reply.Held ? running.Lease : null;
            if (dropped is not null)
            {
                _running!.Abandon.Cancel();
            }

            if (reply.Held is { } held)
            {
                Begin(held);
            }

            return dropped;
        }
    }

    /// <summary>An item has ended; on the computing thread.</summary>
    /// <param name="assignment">The item.</param>
    /// <param name="report">How.</param>
    public void End(Assignment assignment, WorkReport report)
    {
        lock (_gate)
        {
            if (assignment.Job == _job)
            {
                _over.Add(assignment.Lease);
                _reports.Add(report);
            }

            if (ReferenceEquals(_running, assignment))
            {
                _running = null;
            }
        }
    }

    /// <summary>It begins nothing more.</summary>
    /// <param name="keep">Whether what it is at ends at its next safe point, instead of at once.</param>
    public void Stop(bool keep)
    {
        lock (_gate)
        {
            _isStopping = true;
            (keep ? _running?.Stop : _running?.Abandon)?.Cancel();
        }
    }

    /// <summary>Begins an item that is not at work and never was; within the lock.</summary>
    private void Begin(HeldLease lease)
    {
        if (_isStopping || _running?.Lease == lease)
        {
            return;
        }

        if (_over.Contains(lease))
        {
            // The job does not know how it ended, although it was told: it is given back, or it would wait for this slot for ever.
            if (!_reports.Any(report => report.Item == lease.Item && report.Attempt == lease.Attempt))
            {
                _reports.Add(new WorkReport { Item = lease.Item, Attempt = lease.Attempt, Kind = ReportKind.Released, Cause = "what became of it was lost", Asks = true });
            }

            return;
        }

        // What ran before is over for the job: the thread turns to this one as soon as it is rid of it.
        _running?.Abandon.Cancel();
        _running = new Assignment(_job!, lease);
        run(_running);
    }

    private void Clear()
    {
        _running?.Abandon.Cancel();
        _running = null;
        _reports.Clear();
        _over.Clear();
        _job = null;
        _version = 0;
    }
}
