using System.Collections.Concurrent;
using System.Collections.Immutable;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Execution;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;

namespace MambaQuant.Silo.Watching;

/// <summary>How jobs stand that have ended and that no grain holds open any more: worked out from what their store holds, once for each ending. Thread-safe.</summary>
/// <param name="store">The store.</param>
internal sealed class EndedJobs(IArtifactStore store)
{
    // Eight bytes an item: what is thrown away is worked out again.
    private const int MostKept = 64;

    // Always the same: nothing changes any more.
    private const long OnlyVersion = 1;

    private readonly ConcurrentDictionary<string, JobOverview> _kept = new(StringComparer.Ordinal);

    /// <summary>The job with its items and stages.</summary>
    /// <param name="ending">What is known of the job besides: how it ended.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <returns>With every item. Where its ending does not tell who made what, all that is done counts as made.</returns>
    /// <remarks>Cost: the first time reads the plan, and lists the items of the store.</remarks>
    /// <exception cref="InvalidPlanException">The plan is missing, damaged, or of another version.</exception>
    /// <exception cref="ArtifactStoreException">The store cannot be read.</exception>
    public async Task<JobOverview> FillAsync(JobOverview ending, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(ending);
        if (_kept.TryGetValue(ending.Job, out JobOverview? kept) && IsSame(kept, ending))
        {
            return kept;
        }

        WorkPlan plan = await StoredPlans.ReadAsync(store, ending.Job, cancellation);
        ImmutableArray<FinishedItem> finished = await StoredItems.FindAsync(store, plan, cancellation);
        if (_kept.Count >= MostKept)
        {
            _kept.Clear();
        }

        return _kept[ending.Job] = Fill(ending, plan, StatusesOf(plan, finished, ending.Status == JobStatus.Finished));
    }

    /// <summary>The job goes on: how it ended before is of no use.</summary>
    /// <param name="job">Identity of the job.</param>
    public void Forget(string job) => _kept.TryRemove(job, out _);

    private static bool IsSame(JobOverview one, JobOverview other) =>
        (one.Status, one.Cause, one.Fault, one.Owner) == (other.Status, other.Cause, other.Fault, other.Owner);

    /// <summary>Done is what has its receipt; of the rest a finished job needed nothing, and one that failed or was stopped what leads to its result.</summary>
    private static ItemStatus[] StatusesOf(WorkPlan plan, ImmutableArray<FinishedItem> finished, bool isFinished)
    {
        var statuses = new ItemStatus[plan.Graph.Items.Length];
        bool[] isNeeded = new bool[statuses.Length], hasFollowers = new bool[statuses.Length];
        foreach (FinishedItem item in finished)
        {
            statuses[item.Item] = ItemStatus.Done;
        }

        foreach (WorkItem item in plan.Graph.Items.Reverse())
        {
            bool isOpen = statuses[item.Index] != ItemStatus.Done && (isNeeded[item.Index] || item.IsResult || !hasFollowers[item.Index]);
            if (isOpen && !isFinished)
            {
                statuses[item.Index] = ItemStatus.Waiting;
            }

            foreach (int need in item.Needs)
            {
                hasFollowers[need] = true;
                isNeeded[need] |= isOpen;
            }
        }

        return statuses;
    }

    private static JobOverview Fill(JobOverview ending, WorkPlan plan, ItemStatus[] statuses)
    {
        var meters = new StageMeters(plan);
        int[] wanted = [.. Enumerable.Range(0, statuses.Length).Where(item => statuses[item] != ItemStatus.Unneeded)];
        meters.Want(wanted);
        foreach (int item in wanted.Where(item => statuses[item] == ItemStatus.Done))
        {
            meters.Complete(item);
        }

        return ending with
        {
            Version = OnlyVersion,
            Stages = [.. meters.All.Select(stage => new StageOverview(stage.Stage, stage.Done, stage.Total, stage.Unit, 0))],
            Kinds = [.. plan.Graph.Items.GroupBy(item => item.Kind, item => statuses[item.Index]).Select(kind => new KindOverview(
                kind.Key,
                kind.Count(status => status == ItemStatus.Waiting),
                Ready: 0,
                Running: 0,
                kind.Count(status => status == ItemStatus.Done),
                kind.Count(status => status == ItemStatus.Unneeded)))],
            Items = [.. statuses.Select((status, item) => new ItemChange(item, status))],
            Made = ending.Made + ending.Reused > 0 ? ending.Made : statuses.Count(status => status == ItemStatus.Done),
        };
    }
}
