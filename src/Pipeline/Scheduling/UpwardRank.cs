using System.Collections.Immutable;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Pipeline.Scheduling;

/// <summary>How long the longest way from an item to the end of the job is: what stands on the critical path goes first.</summary>
/// <remarks>
/// Time is measured on a nominal worker, so that the order follows from the plan alone: 5·10^12 operations and 2·10^9 bytes a second, the
/// same prices by which a plan chooses its grid. Only the order of the ranks counts.
/// </remarks>
public static class UpwardRank
{
    private const double NominalOperationsPerSecond = 5e12;
    private const double NominalBytesPerSecond = 2e9;

    /// <summary>What an item takes on the nominal worker, in seconds.</summary>
    /// <param name="cost">Its cost.</param>
    public static double NominalSeconds(WorkCost cost) =>
        (cost.Operations / NominalOperationsPerSecond)
        + (((double)cost.InputBytes + cost.OutputBytes + cost.ModelBytes) / NominalBytesPerSecond);

    /// <summary>The rank of every item: its own seconds and those of the longest chain of items behind it.</summary>
    /// <param name="graph">The work.</param>
    /// <param name="seconds">What an item takes.</param>
    public static ImmutableArray<double> Of(WorkGraph graph, Func<WorkItem, double> seconds)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(seconds);
        double[] ranks = new double[graph.Items.Length];
        for (int index = ranks.Length - 1; index >= 0; index--)
        {
            // Everything that needs this item stands behind it and has told its rank already.
            WorkItem item = graph.Items[index];
            ranks[index] += seconds(item);
            foreach (int need in item.Needs)
            {
                ranks[need] = Math.Max(ranks[need], ranks[index]);
            }
        }

        return ImmutableArray.Create(ranks);
    }
}
