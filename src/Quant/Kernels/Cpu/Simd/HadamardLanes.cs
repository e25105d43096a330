using System.Numerics;
using System.Runtime.CompilerServices;

namespace MambaQuant.Quant.Kernels.Cpu.Simd;

/// <summary>The factored Hadamard transform down the rows of a small matrix whose columns are lanes.</summary>
internal static unsafe class HadamardLanes
{
    /// <summary>x ← scale · (base ⊗ Sylvester)ᵀ x, in place, for a matrix x of [m·2^k] rows of one vector each.</summary>
    /// <remarks>
    /// First the butterflies inside each of the m blocks (the Sylvester matrix is symmetric), then the base matrix across the blocks:
    /// block b' = Σ_b base[b, b'] · block b, b ascending. Only sums and sign changes occur before the scaling, so every tier gives the same bits.
    /// </remarks>
    /// <param name="x">[m·2^k, lanes].</param>
    /// <param name="baseSigns">[m, m] of ±1, or null for m = 1.</param>
    /// <param name="baseOrder">m.</param>
    /// <param name="powerOfTwo">2^k.</param>
    /// <param name="scale">Factor of the result.</param>
    /// <param name="scratch">m vectors.</param>
    internal static void Transform<TLanes, TVector, T>(T* x, float* baseSigns, int baseOrder, int powerOfTwo, T scale, T* scratch)
        where TLanes : struct, ILanes<TVector, T>
        where TVector : struct
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (int block = 0; block < baseOrder; block++)
        {
            Butterflies<TLanes, TVector, T>(x + ((nint)block * powerOfTwo * TLanes.Count), powerOfTwo);
        }

        TVector factor = TLanes.Broadcast(scale);
        if (baseSigns == null)
        {
            for (nint row = 0; row < powerOfTwo; row++)
            {
                T* at = x + (row * TLanes.Count);
                TLanes.Store(at, TLanes.Multiply(TLanes.Load(at), factor));
            }

            return;
        }

        for (int row = 0; row < powerOfTwo; row++)
        {
            MixBlocks<TLanes, TVector, T>(x + ((nint)row * TLanes.Count), (nint)powerOfTwo * TLanes.Count, baseSigns, baseOrder, factor, scratch);
        }
    }

    /// <summary>Two stages of butterflies at a time, between rows that lie a distance and twice that apart: half the loads and stores.</summary>
    /// <param name="source">[rows, lanes].</param>
    /// <param name="destination">[rows, lanes]; may be the source.</param>
    /// <param name="rows">A multiple of four distances.</param>
    /// <param name="distance">A power of two.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void TwoStages<TLanes, TVector, T>(T* source, T* destination, int rows, int distance)
        where TLanes : struct, ILanes<TVector, T>
        where TVector : struct
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        nint step = (nint)distance * TLanes.Count;
        for (int first = 0; first < rows; first += 4 * distance)
        {
            for (int row = first; row < first + distance; row++)
            {
                nint at = (nint)row * TLanes.Count;
                (TVector a, TVector b, TVector c, TVector d) = Four<TLanes, TVector, T>(source + at, step);
                TLanes.Store(destination + at, a);
                TLanes.Store(destination + at + step, b);
                TLanes.Store(destination + at + (2 * step), c);
                TLanes.Store(destination + at + (3 * step), d);
            }
        }
    }

    /// <summary>Two stages of four rows.</summary>
    /// <param name="at">The first one.</param>
    /// <param name="step">Distance of two of them.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static (TVector First, TVector Second, TVector Third, TVector Fourth) Four<TLanes, TVector, T>(T* at, nint step)
        where TLanes : struct, ILanes<TVector, T>
        where TVector : struct
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        TVector a = TLanes.Load(at);
        TVector b = TLanes.Load(at + step);
        TVector c = TLanes.Load(at + (2 * step));
        TVector d = TLanes.Load(at + (3 * step));
        TVector sumAb = TLanes.Add(a, b);
        TVector differenceAb = TLanes.Subtract(a, b);
        TVector sumCd = TLanes.Add(c, d);
        TVector differenceCd = TLanes.Subtract(c, d);
        return (TLanes.Add(sumAb, sumCd), TLanes.Add(differenceAb, differenceCd), TLanes.Subtract(sumAb, sumCd), TLanes.Subtract(differenceAb, differenceCd));
    }

    private static void Butterflies<TLanes, TVector, T>(T* x, int powerOfTwo)
        where TLanes : struct, ILanes<TVector, T>
        where TVector : struct
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int distance = 1;
        for (; distance * 2 < powerOfTwo; distance *= 4)
        {
            TwoStages<TLanes, TVector, T>(x, x, powerOfTwo, distance);
        }

        if (distance < powerOfTwo)
        {
            nint step = (nint)distance * TLanes.Count;
            for (int row = 0; row < distance; row++)
            {
                T* at = x + ((nint)row * TLanes.Count);
                TVector a = TLanes.Load(at);
                TVector b = TLanes.Load(at + step);
                TLanes.Store(at, TLanes.Add(a, b));
                TLanes.Store(at + step, TLanes.Subtract(a, b));
            }
        }
    }

    /// <summary>One row of every block, mixed by the base matrix; four results at a time.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void MixBlocks<TLanes, TVector, T>(T* x, nint stride, float* signs, int order, TVector factor, T* scratch)
        where TLanes : struct, ILanes<TVector, T>
        where TVector : struct
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (nint b = 0; b < order; b++)
        {
            TLanes.Store(scratch + (b * TLanes.Count), TLanes.Load(x + (b * stride)));
        }

        nint result = 0;
        for (; result <= order - 4; result += 4)
        {
            TVector sum0 = TLanes.Zero, sum1 = TLanes.Zero, sum2 = TLanes.Zero, sum3 = TLanes.Zero;
            for (nint b = 0; b < order; b++)
            {
                TVector value = TLanes.Load(scratch + (b * TLanes.Count));
                float* sign = signs + (b * order) + result;
                sum0 = TLanes.MultiplyAdd(value, TLanes.Broadcast(T.CreateChecked(sign[0])), sum0);
                sum1 = TLanes.MultiplyAdd(value, TLanes.Broadcast(T.CreateChecked(sign[1])), sum1);
                sum2 = TLanes.MultiplyAdd(value, TLanes.Broadcast(T.CreateChecked(sign[2])), sum2);
                sum3 = TLanes.MultiplyAdd(value, TLanes.Broadcast(T.CreateChecked(sign[3])), sum3);
            }

            TLanes.Store(x + (result * stride), TLanes.Multiply(sum0, factor));
            TLanes.Store(x + ((result + 1) * stride), TLanes.Multiply(sum1, factor));
            TLanes.Store(x + ((result + 2) * stride), TLanes.Multiply(sum2, factor));
            TLanes.Store(x + ((result + 3) * stride), TLanes.Multiply(sum3, factor));
        }

        for (; result < order; result++)
        {
            TVector sum = TLanes.Zero;
            for (nint b = 0; b < order; b++)
            {
                sum = TLanes.MultiplyAdd(TLanes.Load(scratch + (b * TLanes.Count)), TLanes.Broadcast(T.CreateChecked(signs[(b * order) + result])), sum);
            }

            TLanes.Store(x + (result * stride), TLanes.Multiply(sum, factor));
        }
    }
}
