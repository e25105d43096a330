using System.Collections.Immutable;
using System.Globalization;
using MambaQuant.Grains.Contracts;
using MambaQuant.Grains.Hosting;
using Microsoft.Extensions.Logging;

namespace MambaQuant.Grains.Workers;

/// <summary>A slot: asks the directory for a job, its job for items, has them computed, and tells what became of them until the job knows.</summary>
/// <remarks>
/// One loop talks (<see cref="RunAsync"/>), one thread computes (<see cref="SlotRunner"/>), and <see cref="SlotWork"/> is what both know. What jobs and
/// directory call out to the slot only saves time: answers to its own calls say the same. While it has a job, nothing waits for the directory: whose silo
/// hangs or has died would otherwise hold up the leases and reports of all jobs.
/// </remarks>
internal sealed partial class SlotAgent : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(500), LongestPause = TimeSpan.FromSeconds(3), ShortestPause = TimeSpan.FromMilliseconds(100);

    private readonly MambaQuantSiloOptions _options;
    private readonly IGrainFactory _grains;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SlotRunner _runner;
    private readonly SlotWork _work;

    // Never disposed: the thread may call once more behind the end of everything else, and without a wait handle there is nothing to free.
    private readonly SemaphoreSlim _wake = new(0);
    private long? _announced;
    private Task _announcing = Task.CompletedTask;
    private volatile bool _isKnownFree;
    private bool _isResting;
    private volatile bool _isDisposed;

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
        _runner = new SlotRunner(options, executors, place, End);
        _work = new SlotWork(_runner.Add);
    }

    /// <summary>The slot.</summary>
    public SlotDescription Slot { get; }

    /// <summary>The job that it works for; null for none.</summary>
    public string? Job => _work.Job;

    /// <summary>Whether the slot may be wanted later: what the directory said when it was last asked; true as long as it could not be asked.</summary>
    public bool MayBeWanted { get; private set; } = true;

    private bool IsFree => _work.IsIdle && !_work.IsStopping;

    /// <summary>What it does.</summary>
    public SlotView View => _work.Progress is { } progress
        ? new SlotView
        {
            Slot = Slot.Slot,
            Device = Slot.Device,
            Item = progress.Item.ToString(CultureInfo.InvariantCulture),
            Attempt = progress.Attempt,
            Done = progress.Done,
            Total = progress.Total,
            Unit = progress.Unit,
        }
        : new SlotView { Slot = Slot.Slot, Device = Slot.Device };

    /// <summary>The directory wants it to work for a job once it has nothing to do.</summary>
    /// <param name="job">The job.</param>
    public void WorkFor(string job)
    {
        _work.Ordered = job;
        Wake();
    }

    /// <summary>A job gives it an item.</summary>
    /// <param name="job">The job.</param>
    /// <param name="lease">Item and attempt.</param>
    /// <param name="version">How old the word is.</param>
    public void Start(string job, HeldLease lease, long version)
    {
        _work.Start(job, lease, version);
        Wake();
    }

    /// <summary>A job ends an attempt.</summary>
    /// <param name="job">The job.</param>
    /// <param name="lease">Item and attempt.</param>
    /// <param name="keep">Whether it is to stop where something is kept, instead of at once.</param>
    public void Cancel(string job, HeldLease lease, bool keep) => _work.Cancel(job, lease, keep);

    /// <summary>Lets the loop look at once.</summary>
    public void Wake() => _wake.Release();

    /// <summary>Works until it is stopped, then gives back what it has.</summary>
    /// <param name="stop">Ends the item at its next safe point, keeping what pays, and leaves the job.</param>
    /// <param name="kill">Ends at once, telling nobody.</param>
    public async Task RunAsync(CancellationToken stop, CancellationToken kill)
    {
        using CancellationTokenRegistration stopping = stop.Register(Drain);
        TimeSpan pause = ShortestPause;
        while (!kill.IsCancellationRequested && !(stop.IsCancellationRequested && _work.IsIdle))
        {
            try
            {
                TimeSpan wait = await StepAsync();
                pause = ShortestPause;
                await WaitAsync(wait, kill);
            }
            catch (Exception fault) when (!kill.IsCancellationRequested)
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

    /// <summary>Completes when its thread has ended, behind <see cref="Dispose"/>.</summary>
    public Task Over => _runner.Over;

    /// <summary>Has the thread end as soon as can be, telling nobody; does not wait for it.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        _work.Stop(keep: false);
        _runner.Dispose();
    }

    /// <summary>One look at things.</summary>
    /// <returns>How long there is nothing to do, unless somebody calls.</returns>
    private async Task<TimeSpan> StepAsync()
    {
        if (Job is not { } job)
        {
            Rest();
            return await FindJobAsync();
        }

        _isResting = false;

        ICalibrationJobGrain grain = _grains.GetGrain<ICalibrationJobGrain>(job);
        ImmutableArray<WorkReport> reports = _work.Reports;
        ImmutableArray<LeaseProgress> leases = _work.Progress is { } progress ? [progress] : [];
        SlotReply reply = reports.IsEmpty
            ? await grain.RenewAsync(Slot.Slot, leases, asks: leases.IsEmpty && !_work.IsStopping)
            : await grain.ReportAsync(Slot.Slot, reports);
        if (_work.Take(job, reply, reports.Length) is { } dropped)
        {
            LogDropped(Slot.Slot, dropped.Item, dropped.Attempt);
        }

        if (reply.Refused > 0)
        {
            string told = string.Join(", ", reports.Select(report => $"{report.Kind} of item {report.Item}, attempt {report.Attempt}"));
            LogRefusedReports(Slot.Slot, reply.Refused, told);
        }

        if (reply.Standing == SlotStanding.NotYet)
        {
            return Soon;
        }

        if (reply.Standing == SlotStanding.Stranger && !_work.IsStopping)
        {
            _work.Take(job, await grain.JoinAsync(Slot), 0);
        }

        // The directory hears at once that there is nothing to do here: another job may have something.
        if ((IsFree && !_isKnownFree) || _announced is not { } announced || _time.GetElapsedTime(announced) >= _options.Announcement)
        {
            _ = AnnounceBesideAsync();
        }
        else if (!IsFree)
        {
            _isKnownFree = false;
        }

        // The directory wants it elsewhere, and its own job has nothing for it.
        if (_work.Ordered is not null && _work.IsIdle)
        {
            await YieldAsync(job, grain);
        }

        // Soon after the beginning of an item it says that it has begun it; items that are quicker than that say so themselves.
        return Job is null || !_work.Reports.IsEmpty ? TimeSpan.Zero : reports.IsEmpty ? _options.Scheduling.Heartbeat : Soon;
    }

    /// <summary>Leaves its job for another, unless the job gives it something after all.</summary>
    private async Task YieldAsync(string job, ICalibrationJobGrain grain)
    {
        SlotReply reply = await grain.YieldAsync(Slot.Slot, "another job wants the slot");
        if (reply.Standing is not SlotStanding.Stranger || !_work.TryLeave(job))
        {
            _work.Take(job, reply, 0);
        }
    }

    private async Task<TimeSpan> FindJobAsync()
    {
        if (_work.Ordered is null)
        {
            await AnnounceAsync();
        }

        if (_work.Ordered is not { } job)
        {
            return _options.Announcement;
        }

        _work.Ordered = null;
        SlotReply reply = await _grains.GetGrain<ICalibrationJobGrain>(job).JoinAsync(Slot);
        switch (reply.Standing)
        {
            case SlotStanding.Refused:
                LogRefused(Slot.Slot, job, reply.Cause);
                return _options.Announcement;
            case SlotStanding.Ended:
                return Soon;
            default:
                _work.Join(job);
                _work.Take(job, reply, 0);

                // Somebody else may have been given what it came for.
                _isKnownFree = false;
                return reply.Standing == SlotStanding.NotYet ? Soon : IsFree ? TimeSpan.Zero : _options.Scheduling.Heartbeat;
        }
    }

    private void Rest()
    {
        if (!_isResting)
        {
            _isResting = true;
            _runner.Rest();
        }
    }

    /// <summary>Tells the directory how it stands, while the loop goes on.</summary>
    private async Task AnnounceBesideAsync()
    {
        try
        {
            await AnnounceAsync();
        }
        catch (Exception fault) when (!_isDisposed)
        {
            LogTriesAgain(Slot.Slot, fault.Message);
        }
    }

    /// <summary>Tells the directory how it stands; one word at a time.</summary>
    private Task AnnounceAsync() => _announcing.IsCompleted ? _announcing = AnnounceOnceAsync() : _announcing;

    private async Task AnnounceOnceAsync()
    {
        _announced = _time.GetTimestamp();
        bool isFree = IsFree;
        SlotOrder order = await AskDirectoryAsync(isFree);
        _isKnownFree = isFree && IsFree;
        MayBeWanted = order.MayBeWanted;
        if (order.Job is { } job)
        {
            _work.Ordered = job; // and nothing where there is none: the directory may have called out with one meanwhile
        }

        if (order.Job is not null || isFree != IsFree)
        {
            Wake(); // there is something to do about it, and the loop may have gone to rest meanwhile
        }
    }

    private async Task<SlotOrder> AskDirectoryAsync(bool isFree)
    {
        try
        {
            return await _grains.GetGrain<IJobDirectoryGrain>(0).AnnounceAsync(Slot, Job, isFree);
        }
        finally
        {
            MayBeWanted = true; // unless the answer says otherwise: a silo that ends by itself does not end for a call that failed
        }
    }

    private void End(Assignment assignment, WorkReport report)
    {
        _work.End(assignment, report);
        Wake();
    }

    private void Drain()
    {
        _work.Stop(keep: true);
        Wake();
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
        catch (Exception fault) when (!_isDisposed)
        {
            LogTriesAgain(Slot.Slot, fault.Message);
        }
    }

    /// <summary>Waits for a call, or for some time.</summary>
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

        // Several calls are one look.
        while (_wake.CurrentCount > 0 && _wake.Wait(0, CancellationToken.None))
        {
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "slot {Slot} does not get through, and tries again: {Fault}")]
    private partial void LogTriesAgain(string slot, string fault);

    [LoggerMessage(Level = LogLevel.Information, Message = "slot {Slot} drops item {Item}, attempt {Attempt}: its lease is over")]
    private partial void LogDropped(string slot, int item, int attempt);

    [LoggerMessage(Level = LogLevel.Information, Message = "slot {Slot} told {Refused} things that count for nothing, because the leases are over; of: {Reports}")]
    private partial void LogRefusedReports(string slot, int refused, string reports);

    [LoggerMessage(Level = LogLevel.Warning, Message = "slot {Slot} cannot work for job {Job}: {Cause}")]
    private partial void LogRefused(string slot, string job, string cause);
}
