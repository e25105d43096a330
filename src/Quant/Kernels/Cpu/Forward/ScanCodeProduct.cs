using System.Runtime.CompilerServices;
using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Forward;

/// <summary>Σ_n q[n] c[n] in every lane, where q[n] = clamp(round(h[n] / scale)) and c are codes: integers below 2^24, so exact in fp32.</summary>
/// <remarks>
/// A product with 1 / scale stands for the division wherever both surely round to the same integer, which is nearly always; where a lane lies close to a
/// tie, all are divided. So the bits are those of the division.
/// </remarks>
internal static unsafe class ScanCodeProduct
{
    /// <summary>The most states whose products of 8-bit codes are summed exactly in fp32: 1024 · 127 · 128 &lt; 2^24.</summary>
    internal const int LargestCount = 1024;

    /// <summary>A quotient of magnitude up to 128 is off by less than 128 · 3 · 2^-24 &lt; 2^-15: this far from a tie both round alike.</summary>
    private const float SureDistance = 0.5f - (1f / (1 << 15));

    /// <summary>Beyond it, and below its reciprocal, 1 / scale may not be a normal number.</summary>
    private const float LargestReciprocal = 1e36f;

    /// <summary>Whether <see cref="RotatedSum"/> can rotate so many states: 16, 64, …</summary>
    internal static bool Rotates(int count) => count >= 16 && int.IsPow2(count) && int.Log2(count) % 2 == 0;

    /// <summary>Multiplies.</summary>
    /// <param name="h">[count, lanes].</param>
    /// <param name="codes">[count] integers of magnitude up to 128.</param>
    /// <param name="count">Number of n, at most <see cref="LargestCount"/>.</param>
    /// <param name="scale">The scale of every lane, positive.</param>
    /// <param name="largestCode">Codes of h lie within ± this, at most 127.</param>
    /// <returns>NaN in the lanes where an h is not finite.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static TVector Sum<TLanes, TVector>(float* h, float* codes, nint count, TVector scale, float largestCode)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        var rounding = new Rounding<TLanes, TVector>(scale, largestCode);
        TVector even = TLanes.Zero, odd = TLanes.Zero;
        nint n = 0;
        for (; n < count - 1; n += 2)
        {
            even = TLanes.MultiplyAdd(rounding.Code(TLanes.Load(h + (n * TLanes.Count))), TLanes.Broadcast(codes[n]), even);
            odd = TLanes.MultiplyAdd(rounding.Code(TLanes.Load(h + ((n + 1) * TLanes.Count))), TLanes.Broadcast(codes[n + 1]), odd);
        }

        if (n < count)
        {
            even = TLanes.MultiplyAdd(rounding.Code(TLanes.Load(h + (n * TLanes.Count))), TLanes.Broadcast(codes[n]), even);
        }

        return rounding.IsSure ? TLanes.Add(even, odd) : SumOfQuotients<TLanes, TVector>(h, codes, count, scale, largestCode);
    }

    /// <summary>The same for factor · Hᵀ h, where H is the Sylvester matrix of order count: its last stages never go through memory.</summary>
    /// <param name="h">[count, lanes].</param>
    /// <param name="scratch">[count, lanes].</param>
    /// <param name="codes">[count] integers of magnitude up to 128.</param>
    /// <param name="count">Number of n, as <see cref="Rotates"/> says.</param>
    /// <param name="factor">Factor of the rotation, a power of two: so it may stand with the scale.</param>
    /// <param name="scale">The scale of every lane, positive.</param>
    /// <param name="largestCode">Codes of h lie within ± this, at most 127.</param>
    /// <returns>NaN in the lanes where an h is not finite.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static TVector RotatedSum<TLanes, TVector>(float* h, float* scratch, float* codes, int count, float factor, TVector scale, float largestCode)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        HadamardLanes.TwoStages<TLanes, TVector, float>(h, scratch, count, 1);
        int distance = 4;
        for (; 4 * distance < count; distance *= 4)
        {
            HadamardLanes.TwoStages<TLanes, TVector, float>(scratch, scratch, count, distance);
        }

        var rounding = new Rounding<TLanes, TVector>(scale, largestCode, factor);
        nint step = (nint)distance * TLanes.Count;
        TVector sumA = TLanes.Zero, sumB = TLanes.Zero, sumC = TLanes.Zero, sumD = TLanes.Zero;
        for (nint n = 0; n < distance; n++)
        {
            (TVector a, TVector b, TVector c, TVector d) = HadamardLanes.Four<TLanes, TVector, float>(scratch + (n * TLanes.Count), step);
            sumA = TLanes.MultiplyAdd(rounding.Code(a), TLanes.Broadcast(codes[n]), sumA);
            sumB = TLanes.MultiplyAdd(rounding.Code(b), TLanes.Broadcast(codes[n + distance]), sumB);
            sumC = TLanes.MultiplyAdd(rounding.Code(c), TLanes.Broadcast(codes[n + (2 * distance)]), sumC);
            sumD = TLanes.MultiplyAdd(rounding.Code(d), TLanes.Broadcast(codes[n + (3 * distance)]), sumD);
        }

        return rounding.IsSure
            ? TLanes.Add(TLanes.Add(sumA, sumB), TLanes.Add(sumC, sumD))
            : RotatedSumOfQuotients<TLanes, TVector>(scratch, codes, count, distance, TLanes.Broadcast(factor), scale, largestCode);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static TVector RotatedSumOfQuotients<TLanes, TVector>(
        float* scratch, float* codes, int count, int distance, TVector factors, TVector scale, float largestCode)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        HadamardLanes.TwoStages<TLanes, TVector, float>(scratch, scratch, count, distance);
        for (nint i = 0; i < (nint)count * TLanes.Count; i += TLanes.Count)
        {
            TLanes.Store(scratch + i, TLanes.Multiply(TLanes.Load(scratch + i), factors));
        }

        return SumOfQuotients<TLanes, TVector>(scratch, codes, count, scale, largestCode);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static TVector SumOfQuotients<TLanes, TVector>(float* h, float* codes, nint count, TVector scale, float largestCode)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        TVector high = TLanes.Broadcast(largestCode);
        TVector low = TLanes.Subtract(TLanes.Zero, high);
        TVector sum = TLanes.Zero;
        for (nint n = 0; n < count; n++)
        {
            TVector value = TLanes.Load(h + (n * TLanes.Count));
            TVector code = TLanes.MultiplyAdd(value, TLanes.Zero, TLanes.Clamp(TLanes.Round(TLanes.Divide(value, scale)), low, high));
            sum = TLanes.MultiplyAdd(code, TLanes.Broadcast(codes[n]), sum);
        }

        return sum;
    }

    /// <summary>Codes by the reciprocal of the scale, and whether all of them are those of the division.</summary>
    private ref struct Rounding<TLanes, TVector>
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        private readonly TVector _inverse;
        private readonly TVector _largest;
        private TVector _distance;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal Rounding(TVector scale, float largestCode, float factor = 1)
        {
            TVector one = TLanes.Broadcast(1f);
            _inverse = TLanes.Divide(TLanes.Broadcast(factor), scale);
            _largest = TLanes.Broadcast(largestCode);
            _distance = TLanes.SelectGreater(_inverse, TLanes.Broadcast(LargestReciprocal), one, TLanes.Zero);
            _distance = TLanes.SelectGreater(TLanes.Broadcast(1 / LargestReciprocal), _inverse, one, _distance);
        }

        /// <summary>Whether no value came so close to a tie that the division might round otherwise.</summary>
        internal readonly bool IsSure => TLanes.Largest(_distance) < SureDistance;

        /// <summary>The code of a value, or NaN where it is not finite.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal TVector Code(TVector value)
        {
            // Beyond the range the clamped code is sure. What is not finite is found by its product with 0.
            TVector quotient = TLanes.ClampMagnitude(TLanes.Multiply(value, _inverse), _largest);
            TVector rounded = TLanes.Round(quotient);
            _distance = TLanes.MaxMagnitude(TLanes.Subtract(quotient, rounded), _distance);
            return TLanes.MultiplyAdd(value, TLanes.Zero, rounded);
        }
    }
}
