using System.Collections.Immutable;
using MambaQuant.Grains.Contracts;
using MambaQuant.Grains.Hosting;
using MambaQuant.Pipeline.Artifacts;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace MambaQuant.Grains.Workers;

/// <summary>A slot: asks the directory for a job, its job for items, has them computed, and tells what became of them until the job knows.</summary>
/// <remarks>
/// One loop talks (<see cref="RunAsync"/>), one thread computes (<see cref="SlotRunner"/>). What jobs and directory call out to the slot
/// (<see cref="Start"/> and the like) only saves time: answers to its own calls say the same.
/// </remarks>
internal sealed partial class SlotAgent : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(500), LongestPause = TimeSpan.FromSeconds(3), ShortestPause = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();
    private readonly MambaQuantSiloOptions _options;
    private readonly IGrainFactory _grains;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SlotRunner _runner;
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly List<WorkReport> _reports = [];
    private readonly HashSet<HeldLease> _over = [];
    private string? _job;
    private string? _ordered;
    private Assignment? _running;
    private long _version;
    private bool _isStopping;
    private long _announced;
    private bool _hasAnnounced;

    /// <summary>Makes a slot; it does nothing before <see cref="RunAsync"/>.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="place">Its place among those of the silo.</param>
    /// <param name="options">The silo.</param>
    /// <param name="executors">Makes executors.</param>
    /// <param name="grains">Reaches jobs and the directory.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Hears what operators should know.</param>
    public SlotAgent(
        SlotDescription slot, int place, MambaQuantSiloOptions options, IExecutorFactory executors, IGrainFactory grains, TimeProvider time, ILogger logger)
    {
        Slot = slot;
        _options = options;
        _grains = grains;
        _time = time;
        _logger = logger;
        _runner = new SlotRunner(options, executors, place, Ended);
    }

    /// <summary>The slot.</summary>
    public SlotDescription Slot { get; }

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

    /// <summary>What it does.</summary>
    public SlotView View
    {
        get
        {
            lock (_gate)
            {
                LeaseProgress? progress = _running?.Progress;
                return new SlotView
                {
                    Slot = Slot.Slot,
                    Device = Slot.Device,
                    Item = progress?.Item.ToString(System.Globalization.CultureInfo.InvariantCulture),
                    Attempt = progress?.Attempt ?? 0,
                    Done = progress?.Done ?? 0,
                    Total = progress?.Total ?? 0,
                    Unit = progress?.Unit ?? string.Empty,
                };
            }
        }
    }

    /// <summary>The directory wants it to work for a job once it has nothing to do.</summary>
    /// <param name="job">The job.</param>
    public void WorkFor(string job)
    {
        lock (_gate)
        {
            _ordered = job;
        }

        Wake();
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

        Wake();
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

    /// <summary>Lets the loop look at once.</summary>
    public void Wake()
    {
        lock (_wake)
        {
            if (_wake.CurrentCount == 0)
            {
                _wake.Release();
            }
        }
    }

    /// <summary>Works until it is stopped, then gives back what it has.</summary>
    /// <param name="stop">Ends the item at its next safe point, keeping what pays, and leaves the job.</param>
    /// <param name="kill">Ends at once, telling nobody.</param>
    public async Task RunAsync(CancellationToken stop, CancellationToken kill)
    {
        using CancellationTokenRegistration stopping = stop.Register(Drain);
        TimeSpan pause = ShortestPause;
        while (!kill.IsCancellationRequested && !(stop.IsCancellationRequested && IsEmpty()))
        {
            try
            {
                TimeSpan wait = await StepAsync();
                pause = ShortestPause;
                await WaitAsync(wait, kill);
            }
            catch (Exception fault) when (IsOfTheCluster(fault) && !kill.IsCancellationRequested)
            {
                LogTriesAgain(Slot.Slot, fault.Message);
                await WaitAsync(pause, kill);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }

        if (!kill.IsCancellationRequested)
        {
            await FarewellAsync();
        }
    }

    /// <summary>Ends the thread at once, telling nobody.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isStopping = true;
            _running?.Abandon.Cancel();
        }

        _runner.Dispose();
        _wake.Dispose();
    }

    private static bool IsOfTheCluster(Exception fault) =>
        fault is OrleansException or TimeoutException or ObjectDisposedException or ArtifactStoreException or InvalidOperationException;

    /// <summary>One look at things.</summary>
    /// <returns>How long there is nothing to do, unless somebody calls.</returns>
    private async Task<TimeSpan> StepAsync()
    {
        string? job = Job;
        if (job is null)
        {
            return await FindJobAsync();
        }

        ICalibrationJobGrain grain = _grains.GetGrain<ICalibrationJobGrain>(job);
        ImmutableArray<WorkReport> reports;
        ImmutableArray<LeaseProgress> leases;
        bool isStopping;
        lock (_gate)
        {
            isStopping = _isStopping;
            reports = [.. _reports.Select(report => report with { Asks = report.Asks && !isStopping })];
            leases = _running is { } running ? [running.Progress] : [];
        }

        SlotReply reply = reports.IsEmpty
            ? await grain.RenewAsync(Slot.Slot, leases, asks: leases.IsEmpty && !isStopping)
            : await grain.ReportAsync(Slot.Slot, reports);
        Take(job, reply, reports.Length);
        if (reply.Standing == SlotStanding.Stranger && !isStopping)
        {
            Take(job, await grain.JoinAsync(Slot), 0);
        }

        if (reply.Standing == SlotStanding.NotYet)
        {
            return Soon;
        }

        if (!_hasAnnounced || _time.GetElapsedTime(_announced) >= _options.Announcement)
        {
            await AnnounceAsync();
        }

        await MoveAsync(job, grain);
        lock (_gate)
        {
            return _reports.Count > 0 || _job is null ? TimeSpan.Zero : _running is not null && reports.Length > 0 ? Soon : _options.Scheduling.Heartbeat;
        }
    }

    private async Task<TimeSpan> FindJobAsync()
    {
        string? ordered;
        lock (_gate)
        {
            (ordered, _ordered) = (_ordered, null);
        }

        if (ordered is null)
        {
            await AnnounceAsync();
            lock (_gate)
            {
                (ordered, _ordered) = (_ordered, null);
            }
        }

        if (ordered is null || _isStopping)
        {
            return _options.Announcement;
        }

        SlotReply reply = await _grains.GetGrain<ICalibrationJobGrain>(ordered).JoinAsync(Slot);
        if (reply.Standing is SlotStanding.Refused or SlotStanding.Ended)
        {
            return await AfterNoAsync(ordered, reply);
        }

        lock (_gate)
        {
            _job = ordered;
            _version = 0;
            _over.Clear();
        }

        Take(ordered, reply, 0);
        return reply.Standing == SlotStanding.NotYet ? Soon : TimeSpan.Zero;
    }

    private async Task<TimeSpan> AfterNoAsync(string job, SlotReply reply)
    {
        if (reply.Standing == SlotStanding.Refused)
        {
            LogRefused(Slot.Slot, job, reply.Cause);
            return _options.Announcement;
        }

        await AnnounceAsync();
        return _ordered == job ? Soon : _ordered is null ? _options.Announcement : TimeSpan.Zero;
    }

    /// <summary>Does what a job's answer says.</summary>
    private void Take(string job, SlotReply reply, int reported)
    {
        lock (_gate)
        {
            if (_job != job || reply.Standing == SlotStanding.NotYet)
            {
                return;
            }

            _reports.RemoveRange(0, reported);
            if (reply.Standing is SlotStanding.Ended or SlotStanding.Refused)
            {
                LeaveJob();
                return;
            }

            if (reply.Version < _version)
            {
                return;
            }

            _version = reply.Version;
            if (_running is { } running && running.Lease != reply.Held)
            {
                running.Abandon.Cancel();
            }

            if (reply.Held is { } held)
            {
                Begin(held);
            }
        }
    }

    /// <summary>Begins an item that is not at work and was not; within the lock.</summary>
    private void Begin(HeldLease lease)
    {
        if (_isStopping || _over.Contains(lease) || _running?.Lease == lease)
        {
            return;
        }

        // What ran before is over for the job: the thread turns to this one as soon as it is rid of it.
        _running?.Abandon.Cancel();
        _running = new Assignment(_job!, lease);
        _runner.Add(_running);
    }

    /// <summary>An item has ended; on the computing thread.</summary>
    private void Ended(Assignment assignment, WorkReport report)
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

        Wake();
    }

    /// <summary>The job is over for the slot; within the lock.</summary>
    private void LeaveJob()
    {
        _running?.Abandon.Cancel();
        _reports.Clear();
        _over.Clear();
        _job = null;
        _version = 0;
    }

    private async Task AnnounceAsync()
    {
        string? job;
        bool isIdle;
        lock (_gate)
        {
            job = _job;
            isIdle = _running is null && _reports.Count == 0 && !_isStopping;
        }

        _announced = _time.GetTimestamp();
        _hasAnnounced = true;
        SlotOrder order = await _grains.GetGrain<IJobDirectoryGrain>(0).AnnounceAsync(Slot, job, isIdle);
        lock (_gate)
        {
            _ordered = order.Job ?? _ordered;
        }
    }

    /// <summary>Turns to the job that the directory wants it for, once its own has nothing for it.</summary>
    private async Task MoveAsync(string job, ICalibrationJobGrain grain)
    {
        lock (_gate)
        {
            if (_ordered is null || _job != job || _running is not null || _reports.Count > 0)
            {
                return;
            }

            if (_ordered == job)
            {
                _ordered = null;
                return;
            }

            LeaveJob();
        }

        await grain.LeaveAsync(Slot.Slot, drained: true, "another job wants the slot");
    }

    private void Drain()
    {
        lock (_gate)
        {
            _isStopping = true;
            _running?.Stop.Cancel();
        }

        Wake();
    }

    private bool IsEmpty()
    {
        lock (_gate)
        {
            return _running is null && _reports.Count == 0;
        }
    }

    private async Task FarewellAsync()
    {
        try
        {
            if (Job is { } job)
            {
                await _grains.GetGrain<ICalibrationJobGrain>(job).LeaveAsync(Slot.Slot, drained: true, "its silo stops");
            }

            await _grains.GetGrain<IJobDirectoryGrain>(0).RetireAsync(Slot.Slot);
        }
        catch (Exception fault) when (IsOfTheCluster(fault))
        {
            LogTriesAgain(Slot.Slot, fault.Message);
        }
    }

    private async Task WaitAsync(TimeSpan time, CancellationToken kill)
    {
        using var alarm = new CancellationTokenSource(time > TimeSpan.Zero ? time : TimeSpan.FromMilliseconds(1), _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(alarm.Token, kill);
        try
        {
            await _wake.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            return;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "slot {Slot} does not get through, and tries again: {Fault}")]
    private partial void LogTriesAgain(string slot, string fault);

    [LoggerMessage(Level = LogLevel.Warning, Message = "slot {Slot} cannot work for job {Job}: {Cause}")]
    private partial void LogRefused(string slot, string job, string cause);
}
