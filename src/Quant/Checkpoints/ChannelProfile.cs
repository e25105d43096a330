using System.Collections.Immutable;
using System.Globalization;

namespace MambaQuant.Quant.Checkpoints;

/// <summary>A positive quantity of every channel of a site, coarse enough to be drawn: neighbouring channels share a bin.</summary>
/// <remarks>Every number is rounded to four significant digits, midpoints to even, so that the same inputs give the same text.</remarks>
public sealed record ChannelProfile
{
    /// <summary>The most bins that a profile has.</summary>
    public const int MostBins = 128;

    private const int Digits = 4;

    /// <summary>Number of channels C.</summary>
    public required int Channels { get; init; }

    /// <summary>Neighbouring channels that share a bin; the last bin may have fewer.</summary>
    public required int ChannelsPerBin { get; init; }

    /// <summary>The largest value of each bin, in the order of the channels.</summary>
    public required ImmutableArray<double> Largest { get; init; }

    /// <summary>The smallest value of each bin; null where only the largest ones matter, as for magnitudes.</summary>
    public ImmutableArray<double>? Smallest { get; init; }

    /// <summary>Minimum, 1 %, 25 %, median, 75 %, 99 %, maximum over the channels: the value at the nearest rank.</summary>
    public required ImmutableArray<double> Quantiles { get; init; }

    /// <summary>Maximum divided by median: 1 where all channels are alike, large where a few stand out; null where the median is not positive.</summary>
    public double? MaximumOverMedian { get; init; }

    /// <summary>Makes a profile.</summary>
    /// <param name="values">One value a channel, finite; at least one.</param>
    /// <param name="withSmallest">Whether the smallest value of each bin is kept too.</param>
    /// <remarks>Cost: C log C.</remarks>
    /// <exception cref="ArgumentException">There is no channel, or a value is NaN or infinite.</exception>
    public static ChannelProfile Of(ReadOnlySpan<double> values, bool withSmallest)
    {
        int channels = values.Length;
        double[] sorted = values.ToArray();
        Array.Sort(sorted);
        if (channels == 0 || !double.IsFinite(sorted[0]) || !double.IsFinite(sorted[^1]))
        {
            throw new ArgumentException("a profile needs at least one channel, and finite values only", nameof(values));
        }

        int perBin = (channels + MostBins - 1) / MostBins, bins = (channels + perBin - 1) / perBin;
        var largest = ImmutableArray.CreateBuilder<double>(bins);
        var smallest = ImmutableArray.CreateBuilder<double>(bins);
        for (int first = 0; first < channels; first += perBin)
        {
            double low = values[first], high = low;
            foreach (double value in values.Slice(first, Math.Min(perBin, channels - first)))
            {
                low = Math.Min(low, value);
                high = Math.Max(high, value);
            }

            largest.Add(Round(high));
            smallest.Add(Round(low));
        }

        double median = At(sorted, 0.5);
        return new ChannelProfile
        {
            Channels = channels,
            ChannelsPerBin = perBin,
            Largest = largest.MoveToImmutable(),
            Smallest = withSmallest ? smallest.MoveToImmutable() : null,
            Quantiles = [.. new[] { 0, 0.01, 0.25, 0.5, 0.75, 0.99, 1 }.Select(share => Round(At(sorted, share)))],
            MaximumOverMedian = median > 0 && double.IsFinite(sorted[^1] / median) ? Round(sorted[^1] / median) : null,
        };
    }

    /// <summary>Rounds to four significant digits, midpoints to even.</summary>
    /// <param name="value">A finite value.</param>
    /// <remarks>Through decimal digits rather than logarithms, whose last bit differs between machines.</remarks>
    internal static double Round(double value)
    {
        string text = value.ToString("E16", CultureInfo.InvariantCulture);
        int exponent = text.IndexOf('E', StringComparison.Ordinal);
        decimal digits = decimal.Parse(text.AsSpan(0, exponent), NumberStyles.Float, CultureInfo.InvariantCulture);
        decimal rounded = Math.Round(digits, Digits - 1, MidpointRounding.ToEven);
        double result = double.Parse($"{rounded.ToString(CultureInfo.InvariantCulture)}{text.AsSpan(exponent)}", NumberStyles.Float, CultureInfo.InvariantCulture);

        // The very largest numbers round up to infinity, which JSON does not have.
        return double.IsFinite(result) ? result : value;
    }

    private static double At(double[] sorted, double share) => sorted[(int)Math.Round((sorted.Length - 1) * share, MidpointRounding.ToEven)];
}
