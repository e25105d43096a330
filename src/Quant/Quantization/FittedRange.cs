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

    /// <summary>The range that covers given values, by the formulas of <see cref="CodeGrid"/>.</summary>
    /// <param name="grid">The integers of the codes.</param>
    /// <param name="lower">The smallest value; finite.</param>
    /// <param name="upper">The largest value; finite, not below.</param>
    public static FittedRange Cover(CodeGrid grid, double lower, double upper)
    {
        (float scale, int zeroPoint) = grid.Cover(lower, upper);
        return new FittedRange(grid, scale, zeroPoint);
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
