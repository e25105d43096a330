using System.Runtime.CompilerServices;

namespace MambaQuant.Quant.Kernels.Cpu.Simd;

/// <summary>Exponential (fp32 and fp64), sigmoid, SiLU and softplus on lanes; the same code, and so the same bits, for every element of an array.</summary>
internal static unsafe class LaneMath
{
    /// <summary>e^x, at most 2 units in the last place from the exact value, denormal results included; NaN stays NaN.</summary>
    /// <remarks>
    /// x = n·ln 2 + r with n integral and |r| ≤ ln(2)/2; e^x = 2^n · e^r, e^r by its Taylor polynomial of degree 7, whose
    /// remainder r^8/8! is below 6e-9. ln 2 is split into 10 leading bits and a rest, so that n times the first part is exact
    /// on tiers without fused multiply-add. Above 88.73 the result is infinity, below −103.98 it is 0.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static TVector Exp<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        const float LeadingLn2 = 0.693359375f;
        const float RestOfLn2 = -2.12194440054690583e-4f;
        TVector clamped = TLanes.Clamp(x, TLanes.Broadcast(-105f), TLanes.Broadcast(90f));
        TVector n = TLanes.Round(TLanes.Multiply(clamped, TLanes.Broadcast(1.44269504088896341f)));
        TVector r = TLanes.MultiplyAdd(n, TLanes.Broadcast(-LeadingLn2), clamped);
        r = TLanes.MultiplyAdd(n, TLanes.Broadcast(-RestOfLn2), r);
        TVector q = TLanes.Broadcast(1f / 5040);
        q = TLanes.MultiplyAdd(q, r, TLanes.Broadcast(1f / 720));
        q = TLanes.MultiplyAdd(q, r, TLanes.Broadcast(1f / 120));
        q = TLanes.MultiplyAdd(q, r, TLanes.Broadcast(1f / 24));
        q = TLanes.MultiplyAdd(q, r, TLanes.Broadcast(1f / 6));
        q = TLanes.MultiplyAdd(q, r, TLanes.Broadcast(1f / 2));
        TVector one = TLanes.Broadcast(1f);
        TVector power = TLanes.Add(one, TLanes.MultiplyAdd(TLanes.Multiply(q, r), r, r));
        return TLanes.ScaleByPowerOfTwo(power, n);
    }

    /// <summary>2^x, at most 2 units in the last place from the exact value, denormal results included; NaN stays NaN.</summary>
    /// <remarks>
    /// x = n + f with n integral and |f| ≤ 1/2, both exact; 2^x = 2^n · 2^f, 2^f by the polynomial of degree 6 whose largest relative error on the interval
    /// is least, 2e-9, among those that are 1 at 0. From 128 on the result is infinity, below −150 it is 0.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static TVector ExpBase2<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        TVector clamped = TLanes.Clamp(x, TLanes.Broadcast(-152f), TLanes.Broadcast(130f));
        TVector n = TLanes.Round(clamped);
        TVector f = TLanes.Subtract(clamped, n);
        TVector power = TLanes.Broadcast(1.5353362e-4f);
        power = TLanes.MultiplyAdd(power, f, TLanes.Broadcast(1.3398875e-3f));
        power = TLanes.MultiplyAdd(power, f, TLanes.Broadcast(9.618437e-3f));
        power = TLanes.MultiplyAdd(power, f, TLanes.Broadcast(5.5503324e-2f));
        power = TLanes.MultiplyAdd(power, f, TLanes.Broadcast(0.24022648f));
        power = TLanes.MultiplyAdd(power, f, TLanes.Broadcast(0.6931472f));
        power = TLanes.MultiplyAdd(power, f, TLanes.Broadcast(1f));
        return TLanes.ScaleByPowerOfTwo(power, n);
    }

    /// <summary>e^x in fp64, at most 2 units in the last place from the exact value; NaN stays NaN.</summary>
    /// <remarks>As in fp32, with a Taylor polynomial of degree 13 (remainder below 5e-18) and 33 leading bits of ln 2. Above 709.79 the result is infinity, below −745.14 it is 0.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static TVector ExpDouble<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        const double LeadingLn2 = 0.693147180369123816490;
        const double RestOfLn2 = 1.90821492927058770002e-10;
        TVector clamped = TLanes.Clamp(x, TLanes.Broadcast(-746.0), TLanes.Broadcast(711.0));
        TVector n = TLanes.Round(TLanes.Multiply(clamped, TLanes.Broadcast(1.44269504088896340736)));
        TVector r = TLanes.MultiplyAdd(n, TLanes.Broadcast(-LeadingLn2), clamped);
        r = TLanes.MultiplyAdd(n, TLanes.Broadcast(-RestOfLn2), r);
        TVector q = TLanes.Broadcast(1.0 / 6227020800);
        q = TLanes.MultiplyAdd(q, r, TLanes.Broadcast(1.0 / 479001600));
        q = TLanes.MultiplyAdd(q, r, TLanes.Broadcast(1.0 / 39916800));
        q = TLanes.MultiplyAdd(q, r, TLanes.Broadcast(1.0 / 3628800));
        q = TLanes.MultiplyAdd(q, r, TLanes.Broadcast(1.0 / 362880));
        q = TLanes.MultiplyAdd(q, r, TLanes.Broadcast(1.0 / 40320));
        q = TLanes.MultiplyAdd(q, r, TLanes.Broadcast(1.0 / 5040));
        q = TLanes.MultiplyAdd(q, r, TLanes.Broadcast(1.0 / 720));
        q = TLanes.MultiplyAdd(q, r, TLanes.Broadcast(1.0 / 120));
        q = TLanes.MultiplyAdd(q, r, TLanes.Broadcast(1.0 / 24));
        q = TLanes.MultiplyAdd(q, r, TLanes.Broadcast(1.0 / 6));
        q = TLanes.MultiplyAdd(q, r, TLanes.Broadcast(1.0 / 2));
        TVector power = TLanes.Add(TLanes.Broadcast(1.0), TLanes.MultiplyAdd(TLanes.Multiply(q, r), r, r));
        return TLanes.ScaleByPowerOfTwo(power, n);
    }

    /// <summary>1 / (1 + e^−x).</summary>
    /// <remarks>For x below −88.7 the sum is infinite and the result 0 (the exact value is below 3e-39); NaN stays NaN.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static TVector Sigmoid<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        TVector one = TLanes.Broadcast(1f);
        return TLanes.Divide(one, TLanes.Add(one, Exp<TLanes, TVector>(TLanes.Subtract(TLanes.Zero, x))));
    }

    /// <summary>x · σ(x) = x / (1 + e^−x).</summary>
    /// <remarks>x = −∞ gives NaN, as the product of −∞ and 0 does; every finite x a finite result.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static TVector Silu<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct =>
        TLanes.Divide(x, TLanes.Add(TLanes.Broadcast(1f), Exp<TLanes, TVector>(TLanes.Subtract(TLanes.Zero, x))));

    /// <summary>log(1 + e^x) = max(x, 0) + log1p(e^−|x|): x itself for large x, e^x for very negative x, never an overflow; NaN stays NaN.</summary>
    /// <remarks>log1p(u) = 2 artanh(u / (2 + u)) for u in [0, 1] by the odd series up to the 15th power, whose remainder is below 2e-9 of the result.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static TVector Softplus<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        TVector u = Exp<TLanes, TVector>(TLanes.Subtract(TLanes.Zero, TLanes.Abs(x)));
        TVector s = TLanes.Divide(u, TLanes.Add(TLanes.Broadcast(2f), u));
        TVector square = TLanes.Multiply(s, s);
        TVector series = TLanes.Broadcast(2f / 15);
        series = TLanes.MultiplyAdd(series, square, TLanes.Broadcast(2f / 13));
        series = TLanes.MultiplyAdd(series, square, TLanes.Broadcast(2f / 11));
        series = TLanes.MultiplyAdd(series, square, TLanes.Broadcast(2f / 9));
        series = TLanes.MultiplyAdd(series, square, TLanes.Broadcast(2f / 7));
        series = TLanes.MultiplyAdd(series, square, TLanes.Broadcast(2f / 5));
        series = TLanes.MultiplyAdd(series, square, TLanes.Broadcast(2f / 3));
        series = TLanes.MultiplyAdd(series, square, TLanes.Broadcast(2f));
        return TLanes.MultiplyAdd(series, s, TLanes.SelectGreater(x, TLanes.Zero, x, TLanes.Zero));
    }
}
