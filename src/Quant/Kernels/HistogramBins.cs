namespace MambaQuant.Quant.Kernels;

/// <summary>Fixed bins for histograms of fp32 values: sign, exponent and top mantissa bits, so that histograms of any two passes add up.</summary>
/// <remarks>
/// Values: bin = the top 14 bits of the IEEE representation (sign, 8 exponent bits, 5 mantissa bits): 16,384 bins, each 1/32 of an octave wide.
/// Magnitudes: 64 exponents (2^−40 … 2^23) × 4 mantissa steps = 256 bins; smaller magnitudes count in the first bin, larger ones in the last.
/// </remarks>
public static class HistogramBins
{
    /// <summary>Number of bins of a signed histogram.</summary>
    public const int ValueBinCount = 1 << 14;

    /// <summary>Number of bins of a histogram of magnitudes.</summary>
    public const int MagnitudeBinCount = 256;

    /// <summary>Bits of a representation below a magnitude bin: the exponent and two bits of the mantissa stay.</summary>
    internal const int MagnitudeShift = 21;

    /// <summary>What is taken from a shifted magnitude to make the first exponent's bin 0.</summary>
    internal const int MagnitudeOffset = FirstExponent << 2;

    private const int ValueShift = 32 - 14;
    private const int FirstExponent = 127 - 40;

    /// <summary>The bin of a value.</summary>
    /// <param name="value">Finite.</param>
    public static int ValueBin(float value) => (int)(BitConverter.SingleToUInt32Bits(value) >> ValueShift);

    /// <summary>The edge of a value bin that is nearer to zero.</summary>
    /// <param name="bin">0 to <see cref="ValueBinCount"/>−1.</param>
    public static float ValueBinInnerEdge(int bin) => BitConverter.UInt32BitsToSingle((uint)bin << ValueShift);

    /// <summary>The edge of a value bin that is farther from zero; infinite for the last finite bins.</summary>
    /// <param name="bin">0 to <see cref="ValueBinCount"/>−1.</param>
    public static float ValueBinOuterEdge(int bin)
    {
        uint sign = (uint)bin << ValueShift & 0x8000_0000u;
        uint magnitude = ((uint)bin << ValueShift & 0x7FFF_FFFFu) + (1u << ValueShift);
        return BitConverter.UInt32BitsToSingle(sign | Math.Min(magnitude, 0x7F80_0000u));
    }

    /// <summary>The bin of a magnitude.</summary>
    /// <param name="value">Finite; the sign is ignored.</param>
    public static int MagnitudeBin(float value)
    {
        int key = (int)((BitConverter.SingleToUInt32Bits(value) & 0x7FFF_FFFFu) >> MagnitudeShift) - MagnitudeOffset;
        return Math.Clamp(key, 0, MagnitudeBinCount - 1);
    }

    /// <summary>The lower edge of a magnitude bin; 0 for the first.</summary>
    /// <param name="bin">0 to <see cref="MagnitudeBinCount"/>−1.</param>
    public static float MagnitudeBinLowerEdge(int bin) =>
        bin == 0 ? 0 : BitConverter.UInt32BitsToSingle((uint)(bin + MagnitudeOffset) << MagnitudeShift);
}
