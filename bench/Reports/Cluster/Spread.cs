namespace MambaQuant.Reports.Cluster;

/// <summary>What is told of several measurements of one thing.</summary>
internal static class Spread
{
    /// <summary>The middle one; of an even number, the mean of both in the middle.</summary>
    /// <param name="values">The measurements.</param>
    public static double Median(IReadOnlyCollection<double> values) => values.Order().ToArray() is var sorted && sorted.Length % 2 == 1
        ? sorted[sorted.Length / 2]
        : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
}
