using System.Collections.Immutable;

namespace MambaQuant.Pipeline.Planning;

/// <summary>The work of a job: items in an order in which every item stands after what it needs.</summary>
public sealed class WorkGraph
{
    /// <summary>Takes the items.</summary>
    /// <param name="items">The items; an item's index is its place, its needs stand before it.</param>
    /// <exception cref="ArgumentException">An index is not the place, or a need does not stand before.</exception>
    public WorkGraph(ImmutableArray<WorkItem> items)
    {
        for (int index = 0; index < items.Length; index++)
        {
            if (items[index].Index != index)
            {
                throw new ArgumentException($"item {index} says that it is item {items[index].Index}", nameof(items));
            }

            foreach (int need in items[index].Needs)
            {
                if (need < 0 || need >= index)
                {
                    throw new ArgumentException($"{items[index].Label} (item {index}) needs item {need}, which does not stand before it", nameof(items));
                }
            }
        }

        Items = items;
    }

    /// <summary>The items, each after its needs.</summary>
    public ImmutableArray<WorkItem> Items { get; }
}
