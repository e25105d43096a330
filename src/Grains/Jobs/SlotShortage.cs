using System.Collections.Immutable;
using System.Globalization;
using MambaQuant.Grains.Contracts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;

namespace MambaQuant.Grains.Jobs;

/// <summary>Why a job gets no slot at all, in words.</summary>
internal static class SlotShortage
{
    /// <summary>Looks for a slot that could hold one of the items that a job could give out.</summary>
    /// <param name="state">The job; it has such items.</param>
    /// <param name="slots">All slots of the cluster.</param>
    /// <returns>What the item that needs least needs, and what the largest slot has; empty where there is a slot for it, busy or not.</returns>
    public static string Find(SchedulerState state, ImmutableArray<SlotDescription> slots)
    {
        if (slots.IsEmpty)
        {
            return "the job waits: the cluster has no slots; start a silo with some (--slots)";
        }

        SlotDescription[] able = [.. slots.Where(slot => slot.Profile == state.Profile)];
        if (able.Length == 0)
        {
            string others = string.Join(", ", slots.Select(slot => slot.Profile).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(profile => $"'{profile}'"));
            return $"the job waits: no slot has the kernels '{state.Profile}' that it was planned for, only {others}; submit it from a machine like the silos', or start a silo that has them";
        }

        (long needed, _) = state.ReadyByMemory[0];
        SlotDescription largest = able.MaxBy(slot => slot.MemoryBytes)!;
        return needed <= largest.MemoryBytes
            ? string.Empty
            : $"the job waits: {LabelOf(state, needed)} needs {Text(needed)} of memory, the largest slot, {largest.Slot}, has {Text(largest.MemoryBytes)}; "
                + "start a silo with larger slots (--slot-memory), or submit the job again in more shards";
    }

    private static string LabelOf(SchedulerState state, long memoryBytes) =>
        state.Graph!.Items.First(item => state.StatusOf(item.Index) == ItemStatus.Ready && item.Cost.MemoryBytes == memoryBytes).Label;

    private static string Text(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 20):N1} MiB");
}
