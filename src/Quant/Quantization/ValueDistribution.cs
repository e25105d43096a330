using MambaQuant.Quant.Kernels;

namespace MambaQuant.Quant.Quantization;

/// <summary>How the values of a site are spread, from a histogram over fixed bins and the exact extremes.</summary>
/// <remarks>
/// Within a bin values are taken as spread evenly; the outermost bins end at the exact minimum and maximum. Bins are 1/32 of an octave wide
/// (magnitudes: 1/4), so a bin is narrow beside a quantization step wherever it matters, and where it is not, the even spread is what
/// the integral below assumes anyway. Immutable. fp64; sums run over the bins in ascending order of values, so the same counts give the same bits.
/// </remarks>
public sealed class ValueDistribution
{
    private readonly Piece[] _pieces;

    private ValueDistribution(Piece[] pieces, double minimum, double maximum)
    {
        _pieces = pieces;
        Minimum = minimum;
        Maximum = maximum;
        Total = pieces.Sum(piece => piece.Count);
    }

    /// <summary>The smallest value.</summary>
    public double Minimum { get; }

    /// <summary>The largest value.</summary>
    public double Maximum { get; }

    /// <summary>The number of values.</summary>
    public long Total { get; }

    /// <summary>The mean of the squared values; 0 where there are none.</summary>
    public double MeanSquare =>
        Mean(piece => ((piece.Low * piece.Low) + (piece.Low * piece.High) + (piece.High * piece.High)) / 3);

    /// <summary>A distribution of signed values.</summary>
    /// <param name="counts">[<see cref="HistogramBins.ValueBinCount"/>] over <see cref="HistogramBins.ValueBin"/>.</param>
    /// <param name="minimum">The smallest value; finite.</param>
    /// <param name="maximum">The largest value; finite.</param>
    /// <exception cref="ArgumentException">Extremes are not finite or the wrong way round, or bins outside them are filled.</exception>
    public static ValueDistribution FromValues(ReadOnlySpan<long> counts, float minimum, float maximum)
    {
        EnsureExtremes(minimum, maximum);
        EnsureBins(counts, HistogramBins.ValueBinCount);
        List<Piece> pieces = [];

        // The upper half of the bins holds the negative values, growing in magnitude.
        for (int bin = HistogramBins.ValueBinCount - 1; bin >= HistogramBins.ValueBinCount / 2; bin--)
        {
            Add(pieces, counts[bin], HistogramBins.ValueBinOuterEdge(bin), HistogramBins.ValueBinInnerEdge(bin), minimum, maximum);
        }

        for (int bin = 0; bin < HistogramBins.ValueBinCount / 2; bin++)
        {
            Add(pieces, counts[bin], HistogramBins.ValueBinInnerEdge(bin), HistogramBins.ValueBinOuterEdge(bin), minimum, maximum);
        }

        return new ValueDistribution([.. pieces], minimum, maximum);
    }

    /// <summary>A distribution of magnitudes, such as those of one channel of the recurrent state.</summary>
    /// <param name="counts">[<see cref="HistogramBins.MagnitudeBinCount"/>] over <see cref="HistogramBins.MagnitudeBin"/>.</param>
    /// <param name="absoluteMaximum">The largest magnitude; finite.</param>
    /// <exception cref="ArgumentException">The maximum is not finite or negative, or bins above it are filled.</exception>
    public static ValueDistribution FromMagnitudes(ReadOnlySpan<long> counts, float absoluteMaximum)
    {
        EnsureExtremes(0, absoluteMaximum);
        EnsureBins(counts, HistogramBins.MagnitudeBinCount);
        List<Piece> pieces = [];
        for (int bin = 0; bin < counts.Length; bin++)
        {
            float outer = bin == counts.Length - 1 ? float.PositiveInfinity : HistogramBins.MagnitudeBinLowerEdge(bin + 1);
            Add(pieces, counts[bin], HistogramBins.MagnitudeBinLowerEdge(bin), outer, 0, absoluteMaximum);
        }

        return new ValueDistribution([.. pieces], 0, absoluteMaximum);
    }

    /// <summary>The value that a given share of all values does not exceed.</summary>
    /// <param name="share">0 to 1; 1 gives the maximum exactly.</param>
    /// <exception cref="InvalidOperationException">There are no values.</exception>
    public double Quantile(double share)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(share);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(share, 1);
        if (Total == 0)
        {
            throw new InvalidOperationException("a distribution of no values has no quantiles; observe some tokens first");
        }

        double rank = share * Total;
        double before = 0;
        foreach (Piece piece in _pieces)
        {
            if (before + piece.Count >= rank)
            {
                return piece.Low + ((piece.High - piece.Low) * Math.Max(0, rank - before) / piece.Count);
            }

            before += piece.Count;
        }

        return Maximum;
    }

    /// <summary>The expected squared error of rounding and clipping together, per value.</summary>
    /// <param name="step">Distance of two levels; positive.</param>
    /// <param name="lowest">The lowest level, in steps from zero.</param>
    /// <param name="highest">The highest level, in steps from zero.</param>
    /// <remarks>
    /// Exact for values spread evenly over a bin [a, b]: ∫ (x − Q(x))² dx / (b − a). In steps t = x / step the integral has a closed form,
    /// k/12 + (t − k)³/3 with k the level next to t: every whole cell adds 1/12, and beyond the outermost level the cube goes on growing, which is clipping.
    /// </remarks>
    public double MeanSquaredError(double step, int lowest, int highest)
    {
        return step * step * Mean(piece => ErrorInSteps(piece.Low / step, piece.High / step, lowest, highest));
    }

    /// <summary>The share of values beyond the outermost levels.</summary>
    /// <param name="lower">The value of the lowest level.</param>
    /// <param name="upper">The value of the highest level.</param>
    public double ClippedShare(double lower, double upper) => Mean(piece =>
    {
        if (piece.Low == piece.High)
        {
            return piece.Low < lower || piece.High > upper ? 1 : 0;
        }

        double kept = Math.Min(piece.High, upper) - Math.Max(piece.Low, lower);
        return 1 - Math.Max(0, kept / (piece.High - piece.Low));
    });

    private static double ErrorInSteps(double from, double to, int lowest, int highest)
    {
        if (from == to)
        {
            double error = from - NearestLevel(from, lowest, highest);
            return error * error;
        }

        return (Integral(to, lowest, highest) - Integral(from, lowest, highest)) / (to - from);
    }

    private static double Integral(double t, int lowest, int highest)
    {
        double level = NearestLevel(t, lowest, highest);
        double beside = t - level;
        return (level / 12) + (beside * beside * beside / 3);
    }

    private static double NearestLevel(double t, int lowest, int highest) =>
        Math.Clamp(Math.Round(t, MidpointRounding.ToEven), lowest, highest);

    private double Mean(Func<Piece, double> value)
    {
        double sum = 0;
        foreach (Piece piece in _pieces)
        {
            sum += piece.Count * value(piece);
        }

        return Total == 0 ? 0 : sum / Total;
    }

    private static void Add(List<Piece> pieces, long count, float low, float high, float minimum, float maximum)
    {
        if (count == 0)
        {
            return;
        }

        if (low > maximum || high < minimum)
        {
            throw new ArgumentException($"the bin from {low} to {high} holds {count} values, but they lie between {minimum} and {maximum}");
        }

        pieces.Add(new Piece(Math.Max(low, minimum), Math.Min(high, maximum), count));
    }

    private static void EnsureExtremes(float minimum, float maximum)
    {
        if (!float.IsFinite(minimum) || !float.IsFinite(maximum) || minimum > maximum)
        {
            throw new ArgumentException($"expected a finite minimum and maximum, found {minimum} and {maximum}; was anything observed?", nameof(maximum));
        }
    }

    private static void EnsureBins(ReadOnlySpan<long> counts, int expected)
    {
        if (counts.Length != expected)
        {
            throw new ArgumentException($"expected {expected} bins, found {counts.Length}", nameof(counts));
        }
    }

    private readonly record struct Piece(double Low, double High, long Count);
}
