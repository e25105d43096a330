using System.Collections.Immutable;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Inputs;

namespace MambaQuant.Testing;

/// <summary>One run of a job that did not come to its end, as the journal tells it together with the runs after it.</summary>
/// <param name="InFlight">Items that its workers held when it ended.</param>
/// <param name="Repeated">Items that a later run began again although this run was the last to have begun them: what its end cost.</param>
public sealed record KilledRun(int InFlight, int Repeated)
{
    /// <summary>The runs of the only job of a store that were followed by another one.</summary>
    /// <param name="store">The store, with the whole journal.</param>
    public static IReadOnlyList<KilledRun> Of(IArtifactStore store)
    {
        string job = StoredPlans.JobsAsync(store, CancellationToken.None).GetAwaiter().GetResult().Single();
        WorkGraph graph = StoredPlans.ReadAsync(store, job, CancellationToken.None).GetAwaiter().GetResult().Graph;
        return Of(Journal.ReplayAsync(store, job, graph, CancellationToken.None).GetAwaiter().GetResult().Records, graph.Items.Length);
    }

    /// <summary>The runs of a journal that were followed by another one.</summary>
    /// <param name="records">Its records; a run begins where one is submitted, or where workers of the run before are struck off.</param>
    /// <param name="items">Items of the job.</param>
    public static IReadOnlyList<KilledRun> Of(IEnumerable<SchedulerInput> records, int items)
    {
        List<int> inFlight = [];
        List<int> repeated = [];
        int[] lastRun = [.. Enumerable.Repeat(-1, items)], attempts = new int[items];
        SchedulerState state = SchedulerState.Empty;
        SchedulerInput? before = null;
        foreach (SchedulerInput record in records)
        {
            if (Begins(record, before))
            {
                inFlight.Add(state.Leases.Select(lease => lease.Item).Distinct().Count());
                repeated.Add(0);
            }

            state = Scheduler.Replay(state, record);
            before = record;
            foreach (LeaseName lease in state.Leases.Where(lease => lease.Attempt > attempts[lease.Item]))
            {
                int run = inFlight.Count;
                if (lastRun[lease.Item] is var earlier and >= 0 && earlier < run)
                {
                    repeated[earlier]++;
                }

                (attempts[lease.Item], lastRun[lease.Item]) = (lease.Attempt, run);
            }
        }

        // What stands at the first place is the beginning of the first run, which ended at the second, and so on.
        return [.. inFlight.Skip(1).Zip(repeated.Skip(1), (held, again) => new KilledRun(held, again))];
    }

    /// <summary>A process strikes off the workers of the one before, and submits the job: whatever of it comes first.</summary>
    private static bool Begins(SchedulerInput record, SchedulerInput? before) =>
        record is WorkerLost { Drained: true } ? before is not WorkerLost { Drained: true } : record is JobSubmitted && before is not WorkerLost { Drained: true };
}
