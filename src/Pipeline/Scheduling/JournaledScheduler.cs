using System.Collections.Immutable;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Pipeline.Scheduling.Outputs;

namespace MambaQuant.Pipeline.Scheduling;

/// <summary>A job's scheduler whose every decision stands in the journal before it is acted upon. Not thread-safe.</summary>
/// <remarks>
/// A driver gathers the inputs that came since its last call and hands them over together: they are one commit. The outputs are to be
/// acted upon after the call, in their order.
/// </remarks>
public sealed class JournaledScheduler
{
    private readonly JournalWriter _journal;
    private int _records;

    private JournaledScheduler(JournalRecovery recovery, JournalWriter journal, Exception? broken)
    {
        State = recovery.State;
        Broken = broken;
        PassedOver = recovery.PassedOver;
        _records = recovery.Records;
        _journal = journal;
    }

    /// <summary>How the job stands.</summary>
    public SchedulerState State { get; private set; }

    /// <summary>Why the journal that was there could not be read, so that it began anew, with nothing in it; null where it could.</summary>
    public Exception? Broken { get; }

    /// <summary>Snapshots that could not be used when the job was opened, and why: for people.</summary>
    public ImmutableArray<string> PassedOver { get; }

    /// <summary>Why the last snapshot could not be put, null where it was: the journal is whole without it, and the next one is tried in its time.</summary>
    public ArtifactStoreException? SnapshotFailure { get; private set; }

    /// <summary>Commits of the job so far, over all its owners.</summary>
    public int Commits => _journal.Chunks;

    /// <summary>
    /// Takes a job over from its journal, or starts one. The first commit (<see cref="JobAdopted"/> or <see cref="JobSubmitted"/>) shuts out
    /// any other owner. A journal that cannot be read begins anew, which shuts out others at once: see <see cref="Broken"/>.
    /// </summary>
    /// <param name="store">The store; not owned.</param>
    /// <param name="job">Identity of the job.</param>
    /// <param name="graph">Its work.</param>
    /// <param name="owner">Who drives it: a name that no other owner of the job ever has.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="ArtifactStoreException">The store cannot be read, or a new journal not be begun.</exception>
    public static async Task<JournaledScheduler> OpenAsync(
        IArtifactStore store, string job, WorkGraph graph, string owner, CancellationToken cancellation)
    {
        JournalRecovery recovery;
        Exception? fault = null;
        try
        {
            recovery = await Journal.RecoverAsync(store, job, graph, cancellation).ConfigureAwait(false);
        }
        catch (Exception broken) when (broken is InvalidJournalException or CorruptArtifactException)
        {
            fault = broken;
            int begin = await JournalRestarts.PutAsync(store, job, owner, cancellation).ConfigureAwait(false);
            recovery = new JournalRecovery(SchedulerState.Empty, begin, begin, 0, []);
        }

        return new JournaledScheduler(recovery, new JournalWriter(store, job, owner, recovery.Chunks), fault);
    }

    /// <summary>Takes inputs, in their order, as one commit.</summary>
    /// <param name="inputs">What happened.</param>
    /// <param name="cancellation">Stops the writing; the scheduler is then of no use any more, and the job has to be opened again.</param>
    /// <returns>What to do and to tell.</returns>
    /// <exception cref="StaleOwnerException">The job has a new owner; nothing changed.</exception>
    /// <exception cref="ArtifactStoreException">The journal cannot be written; nothing changed.</exception>
    public async Task<ImmutableArray<SchedulerOutput>> StepAsync(IReadOnlyCollection<SchedulerInput> inputs, CancellationToken cancellation) =>
        [.. (await StepEachAsync(inputs, cancellation).ConfigureAwait(false)).SelectMany(outputs => outputs)];

    /// <summary>Takes inputs, in their order, as one commit.</summary>
    /// <param name="inputs">What happened.</param>
    /// <param name="cancellation">Stops the writing; the scheduler is then of no use any more, and the job has to be opened again.</param>
    /// <returns>For each input, what to do and to tell.</returns>
    /// <exception cref="StaleOwnerException">The job has a new owner; nothing changed.</exception>
    /// <exception cref="ArtifactStoreException">The journal cannot be written; nothing changed.</exception>
    public async Task<ImmutableArray<ImmutableArray<SchedulerOutput>>> StepEachAsync(
        IReadOnlyCollection<SchedulerInput> inputs, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        SchedulerState state = State;
        List<SchedulerInput> records = [];
        ImmutableArray<ImmutableArray<SchedulerOutput>>.Builder outputs = ImmutableArray.CreateBuilder<ImmutableArray<SchedulerOutput>>(inputs.Count);
        foreach (SchedulerInput input in inputs)
        {
            SchedulerStep step = Scheduler.Step(state, input);
            state = step.State;
            outputs.Add(step.Outputs);
            if (step.Record is { } record)
            {
                records.Add(record);
            }
        }

        await _journal.CommitAsync(records, cancellation).ConfigureAwait(false);
        State = state;
        _records += records.Count;
        if (records.Count > 0 && JournalSnapshots.AreWanted(_records, state.Items.Count))
        {
            await SnapshotAsync(records[^1].At, cancellation).ConfigureAwait(false);
        }

        return outputs.DrainToImmutable();
    }

    /// <summary>Puts a snapshot behind the chunk that was just written: by nobody else, since nobody else wrote that chunk.</summary>
    private async Task SnapshotAsync(long at, CancellationToken cancellation)
    {
        _records = 0;
        try
        {
            await _journal.PutSnapshotAsync(State, at, cancellation).ConfigureAwait(false);
            SnapshotFailure = null;
        }
        catch (ArtifactStoreException failure)
        {
            SnapshotFailure = failure;
        }
    }
}
