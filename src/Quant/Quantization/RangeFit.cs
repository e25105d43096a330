using MambaQuant.Quant.Kernels;

namespace MambaQuant.Quant.Quantization;

/// <summary>Chooses fixed ranges of activations from what calibration counted.</summary>
/// <remarks>
/// Min-max: the extremes. Percentile p: the quantiles 1 − p and p; a symmetric range takes the larger magnitude of the two.
/// Mean squared error: the range of least <see cref="ValueDistribution.MeanSquaredError"/> among those obtained by shrinking the
/// extremes by factors (64 − i)/64 · 2^−k, i = 0 … 31, k = 0 … 9 (1 down to 1/1024 in steps of 1.6 to 3 %); the first, widest, of equals. Near its
/// minimum the error is flat, so a finer grid gains next to nothing. An asymmetric range shrinks both ends together first, then one end after the other until
/// neither moves.
/// </remarks>
public static class RangeFit
{
    private const int Octaves = 10;
    private const int FactorsPerOctave = 32;
    private const int RoundLimit = 8;

    /// <summary>Fits a range by the extremes alone; only for <see cref="RangeEstimator.MinMax"/>.</summary>
    /// <param name="minimum">The smallest value; finite.</param>
    /// <param name="maximum">The largest value; finite.</param>
    /// <param name="args">How the site is quantized.</param>
    /// <exception cref="ArgumentException">The extremes are not finite, or the estimator needs a histogram.</exception>
    public static FittedRange Fit(float minimum, float maximum, QuantizationArgs args)
    {
        ArgumentNullException.ThrowIfNull(args);
        if (args.Range != RangeEstimator.MinMax)
        {
            throw new ArgumentException($"a range by {args.Range} needs a histogram; only {RangeEstimator.MinMax} needs the extremes alone", nameof(args));
        }

        if (!float.IsFinite(minimum) || !float.IsFinite(maximum) || minimum > maximum)
        {
            throw new ArgumentException($"expected a finite minimum and maximum, found {minimum} and {maximum}; was anything observed?", nameof(maximum));
        }

        return FittedRange.Cover(args.Grid, minimum, maximum);
    }

    /// <summary>Fits a range.</summary>
    /// <param name="values">What was counted.</param>
    /// <param name="args">How the site is quantized; not dynamic.</param>
    /// <exception cref="ArgumentException">The estimator is not known.</exception>
    /// <exception cref="InvalidOperationException">A percentile of no values is asked for.</exception>
    public static FittedRange Fit(ValueDistribution values, QuantizationArgs args)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentNullException.ThrowIfNull(args);
        CodeGrid grid = args.Grid;
        return args.Range switch
        {
            RangeEstimator.MinMax => FittedRange.Cover(grid, values.Minimum, values.Maximum),
            RangeEstimator.Percentile => FittedRange.Cover(grid, values.Quantile(1 - args.Percentile), values.Quantile(args.Percentile)),
            RangeEstimator.MeanSquaredError when grid.Symmetric => FitSymmetric(values, grid),
            RangeEstimator.MeanSquaredError => FitAsymmetric(values, grid),
            _ => throw new ArgumentException($"range estimator {args.Range} is not known", nameof(args)),
        };
    }

    private static FittedRange FitSymmetric(ValueDistribution values, CodeGrid grid) =>
        Least(values, factor => FittedRange.Cover(grid, values.Minimum * factor, values.Maximum * factor)).Range;

    private static FittedRange FitAsymmetric(ValueDistribution values, CodeGrid grid)
    {
        double low = Math.Min(values.Minimum, 0), high = Math.Max(values.Maximum, 0);
        (double factor, FittedRange best) = Least(values, both => FittedRange.Cover(grid, low * both, high * both));
        (double lowFactor, double highFactor) = (factor, factor);
        for (int round = 0; round < RoundLimit; round++)
        {
            (double lowBefore, double highBefore) = (lowFactor, highFactor);
            (highFactor, _) = Least(values, end => FittedRange.Cover(grid, low * lowBefore, high * end));
            double highNow = highFactor;
            (lowFactor, best) = Least(values, end => FittedRange.Cover(grid, low * end, high * highNow));
            if (lowFactor == lowBefore && highFactor == highBefore)
            {
                break;
            }
        }

        return best;
    }

    private static (double Factor, FittedRange Range) Least(ValueDistribution values, Func<double, FittedRange> rangeOf)
    {
        (double Factor, FittedRange Range) best = default;
        double least = double.PositiveInfinity;
        for (int j = 0; j < Octaves * FactorsPerOctave; j++)
        {
            // Exact in binary, so that no library's power function can change a result.
            double factor = Math.ScaleB(1 - ((double)(j % FactorsPerOctave) / (2 * FactorsPerOctave)), -(j / FactorsPerOctave));
            FittedRange range = rangeOf(factor);
            double error = range.MeanSquaredError(values);
            if (error < least)
            {
                (best, least) = ((factor, range), error);
            }
        }

        return best;
    }
}
