namespace MambaQuant.Dashboard.Drawing;

/// <summary>One direction of a chart: what it measures, in which unit, from where to where.</summary>
/// <param name="Title">What it measures, with its unit.</param>
/// <param name="From">The lower end.</param>
/// <param name="To">The upper end, above the lower one.</param>
/// <param name="IsLogarithmic">Whether equal steps are equal factors; both ends are positive then.</param>
internal sealed record Axis(string Title, double From, double To, bool IsLogarithmic = false)
{
    private const int MostTicks = 6;

    /// <summary>An axis that holds some values, with room where they are all alike.</summary>
    /// <param name="title">What it measures, with its unit.</param>
    /// <param name="values">The values; what is not positive is left out of a logarithmic axis.</param>
    /// <param name="isLogarithmic">Whether equal steps are equal factors.</param>
    public static Axis Around(string title, IEnumerable<double> values, bool isLogarithmic)
    {
        double[] shown = [.. values.Where(value => double.IsFinite(value) && (!isLogarithmic || value > 0))];
        double low = shown.Length == 0 ? 1 : shown.Min(), high = shown.Length == 0 ? 1 : shown.Max();
        if (isLogarithmic)
        {
            // At least a factor of two, so that noise in the fourth digit does not fill the picture.
            double room = high / low < 2 ? Math.Sqrt(2) : 1.06;
            return new Axis(title, low / room, high * room, IsLogarithmic: true);
        }

        double margin = high > low ? 0.06 * (high - low) : Math.Max(1, Math.Abs(high) * 0.1);
        return new Axis(title, low - margin, high + margin);
    }

    /// <summary>Where a value lies: 0 at the lower end, 1 at the upper one; values beyond are drawn at the ends.</summary>
    /// <param name="value">The value.</param>
    public double At(double value) => Math.Clamp(IsLogarithmic
        ? value <= 0 ? 0 : Math.Log(value / From) / Math.Log(To / From)
        : (value - From) / (To - From), 0, 1);

    /// <summary>Round values to label.</summary>
    public IReadOnlyList<double> Ticks() => IsLogarithmic ? LogarithmicTicks() : LinearTicks();

    private List<double> LinearTicks()
    {
        double raw = (To - From) / MostTicks, magnitude = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        double step = new[] { 1, 2, 2.5, 5, 10 }.Select(part => part * magnitude).First(candidate => candidate >= raw * 0.999);
        var ticks = new List<double>();
        for (double index = Math.Ceiling(From / step); index * step <= To; index++)
        {
            ticks.Add(index * step);
        }

        return ticks;
    }

    private List<double> LogarithmicTicks()
    {
        int first = (int)Math.Floor(Math.Log10(From)), last = (int)Math.Ceiling(Math.Log10(To)), stride = Math.Max(1, (last - first) / MostTicks);
        double[][] parts = [[1], [1, 3], [1, 2, 5], [1, 1.5, 2, 3, 4, 5, 7]];
        foreach (double[] part in parts)
        {
            List<double> ticks = [.. Enumerable.Range(first, last - first + 1).Where(power => (power - first) % stride == 0)
                .SelectMany(power => part.Select(factor => factor * Math.Pow(10, power))).Where(tick => tick >= From && tick <= To)];
            if (ticks.Count >= 3)
            {
                return ticks;
            }
        }

        return [From, To];
    }
}
