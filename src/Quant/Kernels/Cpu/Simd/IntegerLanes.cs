using System.Runtime.Intrinsics;

namespace MambaQuant.Quant.Kernels.Cpu.Simd;

/// <summary>Exact int32 products of codes; the width of the vectors can change nothing.</summary>
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
}
