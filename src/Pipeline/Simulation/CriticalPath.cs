using System.Collections.Immutable;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;

namespace MambaQuant.Pipeline.Simulation;

/// <summary>The longest chain of items of a job: what no number of workers makes shorter.</summary>
public static class CriticalPath
{
    /// <summary>Finds it.</summary>
    /// <param name="graph">The work.</param>
    /// <param name="seconds">What an item takes.</param>
    /// <returns>Its items, first to last; among equals those that stand first. Empty where there is no work.</returns>
    public static ImmutableArray<WorkItem> Of(WorkGraph graph, Func<WorkItem, double> seconds)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ImmutableArray<double> ranks = UpwardRank.Of(graph, seconds);
        ILookup<int, WorkItem> consumers = graph.Items.SelectMany(item => item.Needs.Select(need => (Need: need, Item: item))).ToLookup(pair => pair.Need, pair => pair.Item);
        ImmutableArray<WorkItem>.Builder path = ImmutableArray.CreateBuilder<WorkItem>();
        WorkItem? next = graph.Items.MaxBy(item => ranks[item.Index]);
        while (next is not null)
        {
            path.Add(next);
            next = consumers[next.Index].MaxBy(item => ranks[item.Index]);
        }

        return path.ToImmutable();
    }
}
