using System.Numerics;

namespace MambaQuant.Quant.Kernels.Cpu.Simd;

/// <summary>Bins of magnitudes; the width of the vectors can change no bit.</summary>
internal static unsafe class IntegerLanes
{
    /// <summary>bins[i] = <see cref="HistogramBins.MagnitudeBin"/>(values[i]).</summary>
    internal static void MagnitudeBins(float* values, int count, int* bins)
    {
        int i = 0;
        for (; i <= count - Vector<int>.Count; i += Vector<int>.Count)
        {
            Vector<int> magnitude = *(Vector<int>*)(values + i) & new Vector<int>(int.MaxValue);
            Vector<int> key = (magnitude >> HistogramBins.MagnitudeShift) - new Vector<int>(HistogramBins.MagnitudeOffset);
            *(Vector<int>*)(bins + i) = Vector.Min(Vector.Max(key, Vector<int>.Zero), new Vector<int>(HistogramBins.MagnitudeBinCount - 1));
        }

        for (; i < count; i++)
        {
            bins[i] = HistogramBins.MagnitudeBin(values[i]);
        }
    }
}
