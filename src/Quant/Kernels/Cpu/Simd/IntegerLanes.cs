using System.Numerics;
using System.Runtime.Intrinsics;

namespace MambaQuant.Quant.Kernels.Cpu.Simd;

/// <summary>Products of codes, exact in int32, and their scaling; the width of the vectors can change no bit.</summary>
internal static unsafe class IntegerLanes
{
    /// <summary>sums[lane] = Σ_n left[n, lane] · right[n].</summary>
    /// <param name="left">[n, lanes] codes, widened.</param>
    /// <param name="right">[n] codes.</param>
    /// <param name="count">Number of n; below 2^17, so that the sum of 8-bit products fits.</param>
    /// <param name="lanes">Number of lanes.</param>
    /// <param name="sums">[lanes].</param>
    internal static void MultiplyCodes(int* left, sbyte* right, int count, int lanes, int* sums)
    {
        int lane = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            for (; lane <= lanes - Vector512<int>.Count; lane += Vector512<int>.Count)
            {
                Vector512<int> sum = Vector512<int>.Zero;
                for (nint n = 0; n < count; n++)
                {
                    sum += Vector512.Load(left + (n * lanes) + lane) * (int)right[n];
                }

                sum.Store(sums + lane);
            }
        }

        if (Vector256.IsHardwareAccelerated)
        {
            for (; lane <= lanes - Vector256<int>.Count; lane += Vector256<int>.Count)
            {
                Vector256<int> sum = Vector256<int>.Zero;
                for (nint n = 0; n < count; n++)
                {
                    sum += Vector256.Load(left + (n * lanes) + lane) * (int)right[n];
                }

                sum.Store(sums + lane);
            }
        }

        for (; lane < lanes; lane++)
        {
            int sum = 0;
            for (nint n = 0; n < count; n++)
            {
                sum += left[(n * lanes) + lane] * right[n];
            }

            sums[lane] = sum;
        }
    }

    /// <summary>products[lane] = (scales[lane] · sums[lane]) · factor in fp64, rounded once to fp32.</summary>
    /// <remarks>scale · sum is exact: 24 and at most 29 bits.</remarks>
    internal static void Scale(int* sums, float* scales, double factor, int lanes, float* products)
    {
        int lane = 0;
        for (; lane <= lanes - Vector<float>.Count; lane += Vector<float>.Count)
        {
            Vector.Widen(*(Vector<int>*)(sums + lane), out Vector<long> lowSum, out Vector<long> highSum);
            Vector.Widen(*(Vector<float>*)(scales + lane), out Vector<double> lowScale, out Vector<double> highScale);
            Vector<double> low = lowScale * Vector.ConvertToDouble(lowSum) * factor;
            Vector<double> high = highScale * Vector.ConvertToDouble(highSum) * factor;
            *(Vector<float>*)(products + lane) = Vector.Narrow(low, high);
        }

        for (; lane < lanes; lane++)
        {
            products[lane] = (float)((double)scales[lane] * sums[lane] * factor);
        }
    }

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
