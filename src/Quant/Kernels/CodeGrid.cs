namespace MambaQuant.Quant.Kernels;

/// <summary>The integers that a quantizer of b bits may use.</summary>
/// <remarks>
/// Symmetric: codes −(2^(b−1)−1) … 2^(b−1)−1, zero point 0, scale = largest magnitude / (2^(b−1)−1), so that the grid is its own mirror image.
/// Asymmetric: codes −2^(b−1) … 2^(b−1)−1, scale = (max − min)/(2^b − 1), zero point = round(−2^(b−1) − min/scale), ties to even, clamped to the codes;
/// min ≤ 0 ≤ max is enforced first, so that zero is exact.
/// </remarks>
/// <param name="Bits">2 to 8.</param>
/// <param name="Symmetric">Whether the zero point is fixed at 0.</param>
public readonly record struct CodeGrid(int Bits, bool Symmetric)
{
    /// <summary>The smallest code.</summary>
    public int Minimum => Symmetric ? -Maximum : -(1 << (Bits - 1));

    /// <summary>The largest code.</summary>
    public int Maximum => (1 << (Bits - 1)) - 1;

    /// <summary>The number of steps between the smallest and the largest code.</summary>
    public int Steps => Maximum - Minimum;

    /// <summary>The scale and zero point that cover a range, by the formulas above.</summary>
    /// <param name="minimum">The smallest value; finite.</param>
    /// <param name="maximum">The largest value; finite, not below <paramref name="minimum"/>.</param>
    /// <returns>The scale, computed in fp64 and rounded once to fp32; 1 where it would be 0. The zero point is computed from the rounded scale.</returns>
    public (float Scale, int ZeroPoint) Cover(double minimum, double maximum)
    {
        double low = Symmetric ? -Math.Max(Math.Abs(minimum), Math.Abs(maximum)) : Math.Min(minimum, 0);
        double high = Symmetric ? 0 : Math.Max(maximum, 0);
        float scale = (float)((high - low) / (Symmetric ? Maximum : Steps));
        scale = scale == 0 ? 1 : scale;
        double zeroPoint = Symmetric ? 0 : Math.Round(Minimum - (low / scale), MidpointRounding.ToEven);
        return (scale, (int)Math.Clamp(zeroPoint, Minimum, Maximum));
    }
}
