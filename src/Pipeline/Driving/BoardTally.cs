using System.Collections.Immutable;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;

namespace MambaQuant.Pipeline.Driving;

/// <summary>Counts the items of a job by how they stand, and keeps the counts while the job changes: a look costs what changed, not what there is. Not thread-safe.</summary>
/// <param name="graph">The items.</param>
internal sealed class BoardTally(WorkGraph graph)
{
    private readonly (ItemStatus Status, bool IsMade, int Repeated)?[] _items = new (ItemStatus, bool, int)?[graph.Items.Length];
    private readonly ImmutableArray<WorkKind> _kinds = [.. graph.Items.Select(item => item.Kind).Distinct()];
    private readonly int[,] _counts = new int[Enum.GetValues<WorkKind>().Length, Enum.GetValues<ItemStatus>().Length];
    private SchedulerState _seen = SchedulerState.Empty;

    /// <summary>Items that were made for the job.</summary>
    public int Made { get; private set; }

    /// <summary>Items that were there already.</summary>
    public int Reused { get; private set; }

    /// <summary>Times that an item was begun again.</summary>
    public int Repeated { get; private set; }

    /// <summary>Items by kind, in the order of the first of each.</summary>
    public ImmutableArray<KindOverview> Kinds =>
    [
        .. _kinds.Select(kind => new KindOverview(
            kind,
            CountOf(kind, ItemStatus.Waiting) + CountOf(kind, ItemStatus.Delayed),
            CountOf(kind, ItemStatus.Ready),
            CountOf(kind, ItemStatus.Running),
            CountOf(kind, ItemStatus.Done),
            CountOf(kind, ItemStatus.Unneeded))),
    ];

    /// <summary>Looks at what changed since the last time.</summary>
    /// <param name="state">The job.</param>
    /// <returns>Items whose status is another one, ascending.</returns>
    public List<int> Update(SchedulerState state)
    {
        List<int> changed = [];
        foreach (int item in state.ChangesSince(_seen))
        {
            ItemStatus status = state.StatusOf(item);
            (ItemStatus Status, bool IsMade, int Repeated) now = (status, status == ItemStatus.Done && state.MakerOf(item) is not null, Math.Max(0, state.AttemptsOf(item) - 1));
            if (_items[item] is { } before)
            {
                Count(item, before, -1);
            }

            Count(item, now, 1);
            if (_items[item]?.Status != status)
            {
                changed.Add(item);
            }

            _items[item] = now;
        }

        _seen = state;
        return changed;
    }

    private int CountOf(WorkKind kind, ItemStatus status) => _counts[(int)kind, (int)status];

    private void Count(int item, (ItemStatus Status, bool IsMade, int Repeated) standing, int by)
    {
        _counts[(int)graph.Items[item].Kind, (int)standing.Status] += by;
        Made += standing.IsMade ? by : 0;
        Reused += standing is { Status: ItemStatus.Done, IsMade: false } ? by : 0;
        Repeated += by * standing.Repeated;
    }
}
