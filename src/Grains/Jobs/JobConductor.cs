using System.Collections.Immutable;
using System.Diagnostics;
using MambaQuant.Grains.Contracts;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Execution;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Pipeline.Scheduling.Outputs;
using MambaQuant.Pipeline.Telemetry;

namespace MambaQuant.Grains.Jobs;

/// <summary>Drives one job: turns what slots and people say into inputs of the scheduler, and answers when the journal has them.</summary>
/// <remarks>
/// Knows nothing of Orleans. Somebody has to pump: <see cref="NextAsync"/>, again and again, one call at a time; what comes in between two calls is
/// one commit. The other members may be called at any time from the same place, and end during a later pump.
/// </remarks>
internal sealed class JobConductor
{
    private readonly SchedulerDriver _driver;
    private readonly JobBoard? _board;
    private readonly HashSet<string> _joining = new(StringComparer.Ordinal);
    private bool _wasWithoutSnapshot;

    private JobConductor(SchedulerDriver driver, JobBoard? board)
    {
        _driver = driver;
        _board = board;
    }

    /// <summary>How the job stands, as far as the journal has it.</summary>
    public SchedulerState State => _driver.State;

    /// <summary>Grows with every commit, over all owners of the job; two states with different leases have different numbers.</summary>
    public long Version => _driver.At.Commits;

    /// <summary>Whether the job has come to an end.</summary>
    public bool HasEnded => State.Status is JobStatus.Finished or JobStatus.Failed or JobStatus.Cancelled;

    /// <summary>Opens a job where its journal ends. Nobody is shut out before the first commit, but where the journal cannot be read, and begins anew.</summary>
    /// <param name="job">The job.</param>
    /// <param name="owner">Who drives it: a name that no other owner of the job ever has.</param>
    /// <param name="store">The store; not owned.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="ArtifactStoreException">The store cannot be read, or a new journal not be begun.</exception>
    public static async Task<JobConductor> OpenAsync(
        ConductedJob job, string owner, IArtifactStore store, TimeProvider time, CancellationToken cancellation)
    {
        SchedulerDriver driver = await SchedulerDriver.OpenAsync(store, job.Id, job.Graph, owner, time, _ => false, cancellation, stepsDown: true);
        if (driver.Broken is { } broken)
        {
            job.Board?.Say(NoticeKind.Damage, JobTexts.JournalBeganAnew(broken));
        }

        foreach (string snapshot in driver.PassedOver)
        {
            job.Board?.Say(NoticeKind.Remark, snapshot);
        }

        return new JobConductor(driver, job.Board);
    }

    /// <summary>Begins the job, or goes on with one that had ended.</summary>
    /// <param name="job">The job.</param>
    /// <param name="options">How it is scheduled.</param>
    /// <param name="done">Items whose artifacts exist.</param>
    /// <param name="round">How often the job was asked for again.</param>
    public async Task SubmitAsync(ConductedJob job, SchedulerOptions options, ImmutableArray<FinishedItem> done, int round = 0)
    {
        // Slots that worked for it when it ended were sent away: they come again, or work for another job and must get nothing of this one.
        _driver.PostLost(State.PresentWorkers, "the job had ended", isDrained: true);
        await SendAsync(new JobSubmitted(_driver.Now, job.Id, job.Profile, options, done) { Graph = job.Graph, Round = round });
        _board?.Begin(State);
    }

    /// <summary>Takes over a job that runs.</summary>
    /// <param name="owner">Who does.</param>
    /// <param name="options">How it is scheduled from now on.</param>
    /// <param name="isGone">Whether a slot is known to be gone.</param>
    public async Task AdoptAsync(string owner, SchedulerOptions options, Func<string, bool> isGone)
    {
        Task<ImmutableArray<SchedulerOutput>> adopted = SendAsync(new JobAdopted(_driver.Now, owner) { Options = options });

        // Where nobody is left the whole cluster was stopped, and no item is to blame; of several slots one may have taken the others with it.
        string[] gone = [.. State.PresentWorkers.Where(isGone)];
        _driver.PostLost(gone, "its silo is gone", isDrained: gone.Length == State.PresentWorkers.Count());
        await adopted;
        _board?.Begin(State);
    }

    /// <summary>A slot wants to work for the job, and asks for its first item.</summary>
    /// <param name="slot">The slot.</param>
    public async Task<SlotReply> JoinAsync(SlotDescription slot)
    {
        if (HasEnded)
        {
            return Reply(slot.Slot);
        }

        if (slot.Profile != State.Profile)
        {
            string cause = $"its numerics profile is '{slot.Profile}', the plan's is '{State.Profile}'";
            return new SlotReply { Standing = SlotStanding.Refused, Cause = cause, Version = Version };
        }

        // A second time under one name would mean another worker: this one is the same that joined before.
        if (!State.IsPresent(slot.Slot) && _joining.Add(slot.Slot))
        {
            try
            {
                await SendAsync(new WorkerJoined(_driver.Now, slot.Slot, slot.MemoryBytes, slot.Profile));
            }
            finally
            {
                _joining.Remove(slot.Slot);
            }
        }

        _board?.Describe(slot.Slot, slot.Device);
        await SendAsync(new WorkRequested(_driver.Now, slot.Slot));
        return Reply(slot.Slot);
    }

    /// <summary>A slot goes.</summary>
    /// <param name="slot">Its name.</param>
    /// <param name="isDrained">Whether it was sent away, so that its item is not to blame.</param>
    /// <param name="cause">Why, for people.</param>
    public async Task LeaveAsync(string slot, bool isDrained, string cause)
    {
        if (State.IsPresent(slot))
        {
            await SendAsync(new WorkerLost(_driver.Now, slot, cause, isDrained));
        }

        _board?.Forget(slot);
    }

    /// <summary>A slot that has nothing to do would work for another job.</summary>
    /// <param name="slot">Its name.</param>
    /// <param name="cause">Why, for people.</param>
    /// <returns><see cref="SlotStanding.Member"/> where it stays, because it was given an item meanwhile.</returns>
    public async Task<SlotReply> YieldAsync(string slot, string cause)
    {
        if (State.IsPresent(slot))
        {
            await SendAsync(new WorkerLost(_driver.Now, slot, cause, Drained: true) { OnlyIfFree = true });
        }

        SlotReply reply = Reply(slot);
        if (reply.Standing == SlotStanding.Stranger)
        {
            _board?.Forget(slot);
        }

        return reply;
    }

    /// <summary>Slots are gone, and with them what they held.</summary>
    /// <param name="slots">Their names.</param>
    /// <param name="cause">Why, for people.</param>
    public void Lose(IEnumerable<string> slots, string cause) => _driver.PostLost(slots, cause, isDrained: false);

    /// <summary>Attempts of a slot ended.</summary>
    /// <param name="slot">Its name.</param>
    /// <param name="reports">How.</param>
    public async Task<SlotReply> ReportAsync(string slot, ImmutableArray<WorkReport> reports)
    {
        List<Task<ImmutableArray<SchedulerOutput>>> told = [];
        List<Task> taken = [];
        foreach (WorkReport report in reports)
        {
            told.Add(SendAsync(InputOf(slot, report)));
            if (report.Asks && report.Kind != ReportKind.Completed)
            {
                taken.Add(SendAsync(new WorkRequested(_driver.Now, slot)));
            }
        }

        ImmutableArray<SchedulerOutput>[] said = await Task.WhenAll(told);
        await Task.WhenAll(taken);
        foreach (WorkReport report in reports)
        {
            _board?.Hear(slot, report.Item, report.Differing, State);
        }

        return Reply(slot) with { Refused = said.Count(outputs => outputs.Any(output => output is Ignored)) };
    }

    /// <summary>A slot renews its leases.</summary>
    /// <param name="slot">Its name.</param>
    /// <param name="leases">What it holds, and how far it is.</param>
    /// <param name="asks">Whether it has nothing to do and asks for an item.</param>
    public async Task<SlotReply> RenewAsync(string slot, ImmutableArray<LeaseProgress> leases, bool asks)
    {
        if (HasEnded || !State.IsPresent(slot))
        {
            return Reply(slot);
        }

        List<Task> taken = [];
        foreach (LeaseProgress lease in leases)
        {
            taken.Add(SendAsync(new LeaseRenewed(_driver.Now, slot, lease.Item, lease.Attempt, lease.Checkpoint)));
            if (State.LeaseOf(slot) is not { } held || (held.Item, held.Attempt) != (lease.Item, lease.Attempt))
            {
                continue; // it was taken away, and what it had done is another's to do
            }

            _board?.Hear(slot, lease.Attempt, new ItemProgress(lease.Item, lease.Done, lease.Total, lease.Unit, lease.Checkpoint));
        }

        if (asks)
        {
            taken.Add(SendAsync(new WorkRequested(_driver.Now, slot)));
        }

        await Task.WhenAll(taken);
        return Reply(slot);
    }

    /// <summary>Stops the job.</summary>
    /// <param name="cause">Why, for people.</param>
    public Task CancelAsync(string cause) => SendAsync(new Cancel(_driver.Now, cause));

    /// <summary>Tells the scheduler something.</summary>
    /// <param name="input">What happened.</param>
    /// <returns>What it said, once the journal has it.</returns>
    internal Task<ImmutableArray<SchedulerOutput>> SendAsync(SchedulerInput input) => _driver.PostAsync(input);

    /// <summary>Waits until something happens or the scheduler wants to be woken, and lets it decide.</summary>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <returns>What to do, in this order.</returns>
    /// <exception cref="OperationCanceledException">The waiting was ended.</exception>
    /// <exception cref="ArtifactStoreException">The journal cannot be written; the next call tries again.</exception>
    /// <exception cref="StaleOwnerException">Somebody else drives the job.</exception>
    public async Task<ImmutableArray<SchedulerOutput>> NextAsync(CancellationToken cancellation)
    {
        ImmutableArray<SchedulerOutput> outputs = await _driver.NextAsync(cancellation);
        foreach (SchedulerOutput output in outputs)
        {
            _board?.Hear(output, State);
        }

        if (_driver.SnapshotFailure is { } failure && !_wasWithoutSnapshot)
        {
            _wasWithoutSnapshot = true;
            _board?.Say(NoticeKind.Remark, JobTexts.NoSnapshot(failure));
        }

        return outputs;
    }

    /// <summary>The job's span; null where nobody listens.</summary>
    public Activity? Span => _driver.Meter.Span;

    /// <summary>A lease as a slot is told of it.</summary>
    /// <param name="item">Index of the item.</param>
    /// <param name="attempt">The attempt.</param>
    public HeldLease LeaseOf(int item, int attempt) => new(item, attempt) { Trace = Tracing.Write(_driver.Meter.ContextOf(item)) };

    /// <summary>Ends: whoever waits for an answer hears that there is none.</summary>
    public void Close() => _driver.Close();

    /// <summary>How a slot stands.</summary>
    /// <param name="slot">Its name.</param>
    public SlotReply Reply(string slot)
    {
        (SchedulerState state, int version) = _driver.At;
        if (state.Status is JobStatus.Finished or JobStatus.Failed or JobStatus.Cancelled)
        {
            return new SlotReply { Standing = SlotStanding.Ended, Version = version, Cause = state.Cause };
        }

        if (!state.IsPresent(slot))
        {
            return new SlotReply { Standing = SlotStanding.Stranger, Version = version };
        }

        LeaseName? lease = state.LeaseOf(slot);
        return new SlotReply { Standing = SlotStanding.Member, Held = lease is null ? null : LeaseOf(lease.Item, lease.Attempt), Version = version };
    }

    private SchedulerInput InputOf(string slot, WorkReport report)
    {
        long now = _driver.Now;
        string? fault = report.Fault.Length > 0 ? report.Fault : null;
        return report.Kind switch
        {
            ReportKind.Completed => new WorkCompleted(now, slot, report.Item, report.Attempt, report.Checksum, report.Asks),
            ReportKind.FailedForGood => new WorkFailed(now, slot, report.Item, report.Attempt, WorkFailure.Permanent, report.Cause) { Fault = fault },
            ReportKind.InputLost => new WorkFailed(now, slot, report.Item, report.Attempt, WorkFailure.InputLost, report.Cause, report.LostItem) { Fault = fault },
            ReportKind.Released => new WorkReleased(now, slot, report.Item, report.Attempt, report.Cause),
            _ => new WorkFailed(now, slot, report.Item, report.Attempt, WorkFailure.Transient, report.Cause) { Fault = fault },
        };
    }
}
