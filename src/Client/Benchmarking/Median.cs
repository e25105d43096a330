namespace MambaQuant.Client.Benchmarking;

/// <summary>Of several runs, the middle one and the ends.</summary>
/// <param name="Middle">The median.</param>
/// <param name="Least">The least.</param>
/// <param name="Most">The most.</param>
internal sealed record Median(double Middle, double Least, double Most)
{
    /// <summary>Of some values.</summary>
    /// <param name="values">At least one.</param>
    public static Median Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return new Median((sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2, sorted[0], sorted[^1]);
    }
}
