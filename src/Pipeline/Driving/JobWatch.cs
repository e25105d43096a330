using System.Collections.Immutable;
using MambaQuant.Pipeline.Execution;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Outputs;

namespace MambaQuant.Pipeline.Driving;

/// <summary>A job for those who watch it from other threads, whether it is driven in this process or seen from afar. Thread-safe.</summary>
/// <param name="plan">The job.</param>
/// <param name="store">The store for people.</param>
/// <param name="time">The clock.</param>
public sealed class JobWatch(WorkPlan plan, string store, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly JobBoard _board = new(plan, time);
    private readonly ItemStatus?[] _statuses = new ItemStatus?[plan.Graph.Items.Length];
    private readonly long[] _stamps = new long[plan.Graph.Items.Length];
    private SchedulerDriver? _driver;
    private string _owner = string.Empty;
    private JobOverview? _shown;

    /// <summary>The job.</summary>
    public WorkPlan Plan => plan;

    /// <summary>Grows with every change.</summary>
    public long Version
    {
        get
        {
            lock (_gate)
            {
                return _shown?.Version ?? _board.Version;
            }
        }
    }

    /// <summary>Its stages, in the order in which they began.</summary>
    public ImmutableArray<StageOverview> Stages
    {
        get
        {
            lock (_gate)
            {
                return _shown?.Stages ?? _board.Stages;
            }
        }
    }

    /// <summary>How the job as a whole stands.</summary>
    public JobStatus Status
    {
        get
        {
            lock (_gate)
            {
                return _shown?.Status ?? _driver?.State.Status ?? JobStatus.Absent;
            }
        }
    }

    /// <summary>The job as it stands.</summary>
    /// <param name="after">The version that the watcher knows; items that have not changed since are left out.</param>
    public JobOverview View(long after)
    {
        lock (_gate)
        {
            if (_shown is { } shown)
            {
                return after >= shown.Version ? shown with { Items = [] } : shown with { Items = [.. Enumerable.Range(0, _stamps.Length).Where(item => _stamps[item] > after).Select(item => new ItemChange(item, _statuses[item]!.Value))] };
            }

            return _driver is { } driver
                ? _board.View(driver.State, _owner, store, after)
                : new JobOverview { Job = plan.Id, Status = JobStatus.Absent, Version = _board.Version, Store = store };
        }
    }

    /// <summary>What somebody else who drives the job tells of it.</summary>
    /// <param name="overview">The job as it stands there, with the items that have changed since the last time.</param>
    public void Show(JobOverview overview)
    {
        ArgumentNullException.ThrowIfNull(overview);
        lock (_gate)
        {
            foreach (ItemChange change in overview.Items.Where(change => change.Item >= 0 && change.Item < _stamps.Length))
            {
                _statuses[change.Item] = change.Status;
                _stamps[change.Item] = overview.Version;
            }

            _shown = overview;
        }
    }

    /// <summary>The job is driven here from now on.</summary>
    /// <param name="driver">Who drives it; its first commit is done.</param>
    /// <param name="owner">The driver's name.</param>
    internal void Begin(SchedulerDriver driver, string owner)
    {
        lock (_gate)
        {
            (_driver, _owner) = (driver, owner);
            _board.Begin(driver.State);
        }
    }

    /// <summary>A worker is there.</summary>
    /// <param name="worker">Its name.</param>
    /// <param name="device">The device for people.</param>
    internal void Describe(string worker, string device)
    {
        lock (_gate)
        {
            _board.Describe(worker, device);
        }
    }

    /// <summary>The scheduler said something.</summary>
    /// <param name="outputs">What.</param>
    internal void Hear(ImmutableArray<SchedulerOutput> outputs)
    {
        lock (_gate)
        {
            foreach (SchedulerOutput output in outputs)
            {
                _board.Hear(output, _driver!.State);
            }
        }
    }

    /// <summary>A worker is further with its item.</summary>
    /// <param name="worker">Its name.</param>
    /// <param name="attempt">The attempt.</param>
    /// <param name="progress">How far.</param>
    internal void Hear(string worker, int attempt, ItemProgress progress)
    {
        lock (_gate)
        {
            _board.Hear(worker, attempt, progress);
        }
    }

    /// <summary>How far the stage of an item is.</summary>
    /// <param name="item">Index of the item.</param>
    internal StageProgress StageOf(int item)
    {
        lock (_gate)
        {
            return _board.StageOf(item);
        }
    }

    /// <summary>An item is done; known before the scheduler says so.</summary>
    /// <param name="item">Index of the item.</param>
    internal void Complete(int item)
    {
        lock (_gate)
        {
            _board.Complete(item);
        }
    }

    /// <summary>What an item made was found missing or damaged.</summary>
    /// <param name="item">The item.</param>
    /// <param name="fault">What was found.</param>
    internal void Damaged(WorkItem item, string fault)
    {
        lock (_gate)
        {
            _board.Damaged(item, fault);
        }
    }

    /// <summary>Tells people something.</summary>
    /// <param name="kind">What kind of thing happened.</param>
    /// <param name="text">What.</param>
    internal void Say(NoticeKind kind, string text)
    {
        lock (_gate)
        {
            _board.Say(kind, text);
        }
    }
}
