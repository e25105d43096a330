namespace MambaQuant.Quant.Quantization;

/// <summary>Ratios of powers in decibels.</summary>
internal static class Decibels
{
    /// <summary>10·log10(signal / noise); infinite where there is no noise.</summary>
    /// <param name="signal">Sum of squares of the values.</param>
    /// <param name="noise">Sum of squares of the errors.</param>
    public static double OfRatio(double signal, double noise) =>
        noise == 0 ? double.PositiveInfinity : 10 * Math.Log10(signal / noise);
}
