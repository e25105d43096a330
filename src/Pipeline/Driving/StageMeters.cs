using MambaQuant.Pipeline.Execution;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Pipeline.Driving;

/// <summary>Works out how far the stages of a job are from what is told of its items. Not thread-safe.</summary>
/// <remarks>A stage never goes back: what an interrupted attempt had done counts until the next one is further.</remarks>
/// <param name="plan">The job.</param>
public sealed class StageMeters(WorkPlan plan)
{
    private readonly Dictionary<string, Meter> _meters = new(StringComparer.Ordinal);
    private readonly List<(string Stage, string Unit)> _order = [];

    /// <summary>The stages that have anything to do, in the order in which they were first heard of.</summary>
    public IEnumerable<StageProgress> All => _order.Select(stage => Progress(stage.Stage, stage.Unit)).Where(stage => stage.Total > 0);

    /// <summary>Items are to be made: their shares count towards the stages.</summary>
    /// <param name="items">Indices of items.</param>
    public void Want(IEnumerable<int> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        foreach (StageShare share in items.Select(ShareOf))
        {
            Meter(share).Total += share.Units;
        }
    }

    /// <summary>How far an item's stage is.</summary>
    /// <param name="item">Index of the item.</param>
    /// <returns>A stage whose total is 0 where the item counts for nothing in it.</returns>
    public StageProgress Of(int item)
    {
        StageShare share = ShareOf(item);
        Meter(share);
        return Progress(share.Stage, share.Unit);
    }

    /// <summary>An item that runs is further.</summary>
    /// <param name="progress">How far.</param>
    public void Report(ItemProgress progress)
    {
        StageShare share = ShareOf(progress.Item);
        if (progress.Total > 0)
        {
            Meter(share).Running[progress.Item] = (long)(share.Units * (Int128)Math.Min(progress.Done, progress.Total) / progress.Total);
        }
    }

    /// <summary>An item is done.</summary>
    /// <param name="item">Index of the item.</param>
    public void Complete(int item)
    {
        StageShare share = ShareOf(item);
        Meter meter = Meter(share);
        meter.Running.Remove(item);
        meter.Done += share.Units;
    }

    /// <summary>An attempt at an item ended without a result.</summary>
    /// <param name="item">Index of the item.</param>
    public void Drop(int item) => Meter(ShareOf(item)).Running.Remove(item);

    private StageProgress Progress(string stage, string unit)
    {
        Meter meter = _meters[stage];
        meter.Told = Math.Max(meter.Told, Math.Min(meter.Total, meter.Done + meter.Running.Values.Sum()));
        return new StageProgress(stage, meter.Told, meter.Total, unit);
    }

    private StageShare ShareOf(int item) => StageShare.Of(plan, plan.Graph.Items[item]);

    private Meter Meter(StageShare share)
    {
        if (!_meters.TryGetValue(share.Stage, out Meter? meter))
        {
            _meters.Add(share.Stage, meter = new Meter());
            _order.Add((share.Stage, share.Unit));
        }

        return meter;
    }
}
