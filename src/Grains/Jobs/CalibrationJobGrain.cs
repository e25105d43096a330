using System.Collections.Immutable;
using MambaQuant.Grains.Contracts;
using MambaQuant.Grains.Hosting;
using MambaQuant.Grains.Placement;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Inputs;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Outputs;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace MambaQuant.Grains.Jobs;

/// <summary>A job's shell in the cluster: opens its <see cref="JobConductor"/>, pumps it, and carries its words to slots and directory.</summary>
/// <param name="options">The silo.</param>
/// <param name="members">The cluster.</param>
/// <param name="stepDowns">Jobs that this silo has left to others.</param>
/// <param name="silo">This silo.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Hears what operators should know.</param>
[OnLastingSilo, Reentrant]
internal sealed partial class CalibrationJobGrain(
    MambaQuantSiloOptions options, SiloMembers members, StepDowns stepDowns, ILocalSiloDetails silo, TimeProvider time, ILogger<CalibrationJobGrain> logger)
    : Grain, ICalibrationJobGrain, IDisposable
{
    // Below the time that a call may take (MambaQuantSiloOptions.CallTimeout), so that it ends with an answer.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8), Glance = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource _stopping = new();
    private readonly Dictionary<string, int> _calling = new(StringComparer.Ordinal);
    private Task? _opening;
    private OpenJob? _open;
    private JobEnding? _ending;
    private string _fault = string.Empty;
    private IGrainTimer? _timer;
    private long _membersVersion = -1;
    private int _owners;
    private bool _isWritten;
    private bool _isStopping;

    private CancellationToken Stopping => _stopping.Token;

    private string Job => this.GetPrimaryKeyString();

    /// <inheritdoc/>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _isStopping = true;
        await _stopping.CancelAsync();
        _open?.Close();
        await base.OnDeactivateAsync(reason, cancellationToken);
    }

    /// <summary>Frees what the grain holds.</summary>
    public void Dispose()
    {
        _stopping.Dispose();
        _open?.Dispose();
    }

    /// <inheritdoc/>
    public Task<JobPhase> StartAsync(int round)
    {
        EnsureOpening(round);
        return Task.FromResult(Phase);
    }

    /// <inheritdoc/>
    public async Task<SlotReply> JoinAsync(SlotDescription slot) => await OpenedAsync() is { } job
        ? await CallAsync(slot.Slot, () => job.Conductor.JoinAsync(slot))
        : NotOpen();

    /// <inheritdoc/>
    public async Task LeaveAsync(string slot, bool drained, string cause)
    {
        if (await OpenedAsync() is { Conductor.HasEnded: false } job)
        {
            await job.Conductor.LeaveAsync(slot, drained, cause).WaitAsync(Patience, time);
        }
    }

    /// <inheritdoc/>
    public async Task<SlotReply> YieldAsync(string slot, string cause) => await OpenedAsync() is { } job
        ? await CallAsync(slot, () => job.Conductor.YieldAsync(slot, cause))
        : NotOpen();

    /// <inheritdoc/>
    public async Task<SlotReply> ReportAsync(string slot, ImmutableArray<WorkReport> reports) => await OpenedAsync() is { } job
        ? await CallAsync(slot, () => job.Conductor.ReportAsync(slot, reports))
        : NotOpen();

    /// <inheritdoc/>
    public async Task<SlotReply> RenewAsync(string slot, ImmutableArray<LeaseProgress> leases, bool asks) => await OpenedAsync() is { } job
        ? await CallAsync(slot, () => job.Conductor.RenewAsync(slot, leases, asks))
        : NotOpen();

    /// <inheritdoc/>
    public async Task<JobView> ViewAsync(long after, int waitMilliseconds)
    {
        TimeSpan wait = TimeSpan.FromMilliseconds(Math.Clamp(waitMilliseconds, 0, Patience.TotalMilliseconds));
        await UntilAsync(() => _ending is not null || _open?.Board.Version > after, wait);
        if (_open is not { } job)
        {
            return await ViewOfClosedAsync();
        }

        // Who sees that it has ended may submit it again at once, and is to find that written down.
        JobView view = JobViews.Of(job.Board.View(job.Conductor.State, job.Owner, options.Store.Description, after), job.Plan);
        view = HasEndedUnsaid ? view with { Phase = JobPhase.Running, Cause = string.Empty } : view;
        return _waits.Length > 0 && view.Phase == JobPhase.Running ? view with { Cause = _waits } : view;
    }

    /// <inheritdoc/>
    public async Task<JobPhase> CancelAsync(string cause)
    {
        if (await OpenedAsync() is { } job)
        {
            if (!job.Conductor.HasEnded)
            {
                await job.Conductor.CancelAsync(cause).WaitAsync(Patience, time);
            }

            // Whoever submits it again right away is to find written down that it has ended.
            await UntilAsync(() => _ending is not null, Patience);
        }
        else if (_ending is null)
        {
            throw new TimeoutException($"job {Job} cannot be stopped before it is opened{(_fault.Length > 0 ? $": {_fault}" : string.Empty)}");
        }

        return Phase;
    }

    /// <summary>Whether the job has ended, and the store does not know yet.</summary>
    private bool HasEndedUnsaid => _ending is null && _open is { Conductor.HasEnded: true };

    private JobPhase Phase => _ending?.Phase
        ?? (HasEndedUnsaid ? JobPhase.Running : _open is { } job ? JobPhases.Of(job.Conductor.State.Status) : _opening is null ? JobPhase.Unknown : JobPhase.Opening);

    private SlotReply NotOpen() => new()
    {
        Standing = _ending is null ? SlotStanding.NotYet : SlotStanding.Ended,
        Cause = _ending?.Cause ?? _fault,
    };

    /// <summary>Waits a while for the job to be open; a slot's call opens it, because the slot works for it.</summary>
    private async Task<OpenJob?> OpenedAsync()
    {
        if (_open is null && _ending is null)
        {
            EnsureOpening(round: 0);
            await Task.WhenAny(_opening!, Task.Delay(Patience, time));
        }

        return _open;
    }

    private async Task UntilAsync(Func<bool> isMet, TimeSpan patience)
    {
        long began = time.GetTimestamp();
        while (!isMet() && !_isStopping && time.GetElapsedTime(began) < patience)
        {
            await Task.Delay(Glance, time);
        }
    }

    private async Task ActAsync(OpenJob job, ImmutableArray<SchedulerOutput> outputs)
    {
        foreach (SchedulerOutput output in outputs)
        {
            switch (output)
            {
                // Who is being answered reads it in the answer.
                case Assign assign when !_calling.ContainsKey(assign.Worker) && members.Find(assign.Worker) is not null:
                    using (new SlotNeeds(job.Plan.Graph.Items[assign.Item].Cost.MemoryBytes, job.Plan.Request.Profile).Say())
                    {
                        await Slot(assign.Worker).StartAsync(Job, job.Conductor.LeaseOf(assign.Item, assign.Attempt), job.Conductor.Version);
                    }

                    break;
                case Revoke revoke when members.Find(revoke.Worker) is not null:
                    await Slot(revoke.Worker).CancelAsync(Job, new HeldLease(revoke.Item, revoke.Attempt), keep: false);
                    break;
                case Finished or Failed or Cancelled:
                    _ = EndOnceAsync(job);
                    break;
                default:
                    break;
            }
        }

        if (WantsMore(job))
        {
            _ = DemandAsync();
        }
    }

    private Task EndOnceAsync(OpenJob job) => job.Ending ??= EndAsync(job);

    /// <summary>Writes down how the job ended, and sends its slots to the directory.</summary>
    private async Task EndAsync(OpenJob job)
    {
        SchedulerState state = job.Conductor.State;
        JobView last = JobViews.Of(job.Board.View(state, job.Owner, options.Store.Description, 0), job.Plan);
        var ending = new JobEnding(JobPhases.Of(state.Status), state.Cause, job.Owner)
        {
            Fault = state.Fault,
            Round = state.Round ?? 0,
            Made = last.Made,
            Reused = last.Reused,
            Repeated = last.Repeated,
            Damaged = last.Damaged,
            Notices = last.Notices,
        };
        if (!await WriteDownAsync(job, ending))
        {
            return;
        }

        (_ending, _isWritten) = (ending, true);
        LogEnded(Job, ending.Phase, ending.Cause);
        _timer?.Dispose();
        _timer = null;
        await DemandAsync();
        foreach (string slot in state.PresentWorkers.Where(slot => !_calling.ContainsKey(slot) && members.Find(slot) is not null).ToList())
        {
            await Slot(slot).PollAsync();
        }
    }

    /// <summary>Tries until it is written.</summary>
    /// <returns>False where the job was left before.</returns>
    private async Task<bool> WriteDownAsync(OpenJob job, JobEnding ending)
    {
        while (!job.IsClosed && !_isStopping)
        {
            try
            {
                await StoredRounds.PutEndingAsync(options.Store, Job, ending, Stopping);
                return !job.IsClosed;
            }
            catch (ArtifactStoreException fault)
            {
                LogNotWritten(Job, fault.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), time);
            }
            catch (OperationCanceledException) when (_isStopping)
            {
                return false;
            }
            catch (Exception fault) when (!_isStopping)
            {
                // Whatever it is: a job whose end nobody writes down would run for ever.
                LogPumpBroken(Job, fault);
                await Task.Delay(TimeSpan.FromSeconds(1), time);
            }
        }

        return false;
    }

    private async Task<SlotReply> CallAsync(string slot, Func<Task<SlotReply>> call)
    {
        _calling[slot] = _calling.GetValueOrDefault(slot) + 1;
        try
        {
            return await call().WaitAsync(Patience, time);
        }
        catch (TimeoutException)
        {
            // The journal cannot be written at the moment: what the slot said is taken or not, and it says it again.
            return NotOpen();
        }
        finally
        {
            if (--_calling[slot] == 0)
            {
                _calling.Remove(slot);
            }
        }
    }

    /// <summary>Once a second: slots whose silo has died, and the directory, should it have forgotten.</summary>
    private Task LookAroundAsync(CancellationToken cancellation)
    {
        if (_open is not { Conductor.HasEnded: false } job)
        {
            return Task.CompletedTask;
        }

        if (members.Version != _membersVersion)
        {
            _membersVersion = members.Version;
            job.Conductor.Lose(job.Conductor.State.PresentWorkers.Where(members.IsDead).ToList(), "its silo died");
        }

        // The directory is not waited for: its silo may be one of those that are gone, and the others have to be seen meanwhile.
        _ = DemandAsync();
        _noticing = _noticing.IsCompleted ? NoticeWaitingAsync(job) : _noticing;
        return Task.CompletedTask;
    }

    private async Task<JobView> ViewOfClosedAsync()
    {
        JobEnding? ending = _ending ?? await StoredRounds.ReadEndingAsync(options.Store, Job, Stopping);
        bool isAsked = ending is not null || await options.Store.HeadAsync(StoredRequests.NameOf(Job), Stopping) is not null;
        bool isPlanned = isAsked || await options.Store.HeadAsync(StoredPlans.NameOf(Job), Stopping) is not null;
        return new JobView
        {
            Job = Job,
            Phase = ending?.Phase ?? (_opening is { IsCompleted: false } ? JobPhase.Opening : isAsked ? JobPhase.Queued : JobPhase.Unknown),
            Cause = ending?.Cause ?? (isPlanned && !isAsked && _fault.Length == 0 ? "it was planned here, and never submitted to a cluster" : _fault),
            Fault = ending?.Fault ?? string.Empty,
            Owner = ending?.Owner ?? string.Empty,
            Store = options.Store.Description,
            Made = ending?.Made ?? 0,
            Reused = ending?.Reused ?? 0,
            Repeated = ending?.Repeated ?? 0,
            Damaged = ending?.Damaged ?? [],
            Notices = ending?.Notices ?? [],
        };
    }

    private IGpuWorkerGrain Slot(string name) => GrainFactory.GetGrain<IGpuWorkerGrain>(name);
}
