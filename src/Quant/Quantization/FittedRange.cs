using MambaQuant.Quant.Kernels;

namespace MambaQuant.Quant.Quantization;

/// <summary>A fixed scale and zero point: value = (code − zero point) · scale.</summary>
/// <param name="Grid">The integers of the codes.</param>
/// <param name="Scale">Positive, finite.</param>
/// <param name="ZeroPoint">The code of the value 0; 0 for a symmetric grid.</param>
public readonly record struct FittedRange(CodeGrid Grid, float Scale, int ZeroPoint)
{
    /// <summary>The value of the lowest code.</summary>
    public double Lower => (double)(Grid.Minimum - ZeroPoint) * Scale;

    /// <summary>The value of the highest code.</summary>
    public double Upper => (double)(Grid.Maximum - ZeroPoint) * Scale;

    /// <summary>The range of a symmetric grid: scale = limit / (2^(b−1) − 1).</summary>
    /// <param name="grid">A symmetric grid.</param>
    /// <param name="limit">The magnitude of the outermost code; at least 0, finite. 0 (or so small that its scale is 0) gives scale 1.</param>
    public static FittedRange Symmetric(CodeGrid grid, float limit)
    {
        float scale = limit / grid.Maximum;
        return new FittedRange(grid, scale > 0 ? scale : 1, 0);
    }

    /// <summary>The range of an asymmetric grid: scale = (upper − lower) / (2^b − 1), zero point = round(−2^(b−1) − lower / scale).</summary>
    /// <param name="grid">An asymmetric grid.</param>
    /// <param name="lower">The value of the lowest code; widened to 0 where it is above.</param>
    /// <param name="upper">The value of the highest code; widened to 0 where it is below.</param>
    /// <remarks>The zero point is rounded to even on ties and clamped to the codes, so zero is exact and the range moves by half a step at most.</remarks>
    public static FittedRange Asymmetric(CodeGrid grid, float lower, float upper)
    {
        lower = Math.Min(lower, 0);
        upper = Math.Max(upper, 0);

        // In fp64, since upper − lower may exceed the largest fp32 value.
        float scale = (float)(((double)upper - lower) / grid.Steps);
        scale = scale > 0 ? scale : 1;
        double zeroPoint = Math.Round(grid.Minimum - ((double)lower / scale), MidpointRounding.ToEven);
        return new FittedRange(grid, scale, (int)Math.Clamp(zeroPoint, grid.Minimum, grid.Maximum));
    }

    /// <summary>The expected squared error per value.</summary>
    /// <param name="values">The values that will be quantized.</param>
    public double MeanSquaredError(ValueDistribution values)
    {
        ArgumentNullException.ThrowIfNull(values);
        return values.MeanSquaredError(Scale, Grid.Minimum - ZeroPoint, Grid.Maximum - ZeroPoint);
    }

    /// <summary>The share of values beyond the outermost codes.</summary>
    /// <param name="values">The values that will be quantized.</param>
    public double ClippedShare(ValueDistribution values)
    {
        ArgumentNullException.ThrowIfNull(values);
        return values.ClippedShare(Lower, Upper);
    }
}
