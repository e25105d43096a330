using System.Runtime.CompilerServices;
using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Forward;

/// <summary>How h meets C in a scan: Σ_n h[n] C[n] for one vector of channels and one token, rotated, observed and quantized as asked.</summary>
/// <remarks>
/// Order: rotation of a copy of h, observation, quantization, product. Both kinds of arithmetic give the same bits: s_e·q is exact
/// in fp64 (24 + 8 bits), and so is its sum of products with the codes of C, so that ((s_e·Σ q_h q_C)·s_C) and
/// ((Σ (s_e q_h) q_C)·s_C) round only in the last product and to fp32. A non-finite h makes the result NaN, also where a code has no word for it.
/// </remarks>
internal readonly unsafe struct ScanReadoutLanes
{
    /// <summary>Distance of two channels' counters: the bins, and a cache line more, so that equal bins of two channels don't share the low bits of their addresses.</summary>
    private const int CounterStride = HistogramBins.MagnitudeBinCount + 16;

    /// <summary>[B, L, N] fp32, or null where C comes as codes.</summary>
    internal float* C { get; init; }

    /// <summary>[B, L, N] codes, or null.</summary>
    internal sbyte* CCodes { get; init; }

    /// <summary>[B, L, N] the same codes as fp32 integers, where h is quantized too; else null.</summary>
    internal float* CIntegers { get; init; }

    /// <summary>The scale of all codes of C.</summary>
    internal float CScale { get; init; }

    /// <summary>A scale of C per token, or null.</summary>
    internal float* CTokenScales { get; init; }

    /// <summary>Whether h is rotated.</summary>
    internal bool IsRotated { get; init; }

    /// <summary>The rotation's base matrix, or null for order 1.</summary>
    internal float* BaseSigns { get; init; }

    /// <summary>The order of the base matrix.</summary>
    internal int BaseOrder { get; init; }

    /// <summary>The order of the rotation's Sylvester factor.</summary>
    internal int PowerOfTwo { get; init; }

    /// <summary>The largest code of h; 0 where h is not quantized.</summary>
    internal int LargestCode { get; init; }

    /// <summary>[E] scales of h, or null for dynamic ones.</summary>
    internal float* StateScales { get; init; }

    /// <summary>Whether products of codes are summed in fp64 after dequantization.</summary>
    internal bool IsSimulated { get; init; }

    /// <summary>[E, N], raised to the largest |h|; or null.</summary>
    internal float* AbsoluteMaximum { get; init; }

    /// <summary>[E, bins] counters of |h|, or null.</summary>
    internal long* Counts { get; init; }

    /// <summary>N.</summary>
    internal int States { get; init; }

    /// <summary>Whether h and C meet as they are.</summary>
    internal bool IsPlain => !IsRotated && LargestCode == 0 && CCodes == null && !IsObserved;

    /// <summary>Whether h is recorded.</summary>
    internal bool IsObserved => AbsoluteMaximum != null;

    private bool IsQuantizedProduct => LargestCode != 0 && CCodes != null;

    /// <summary>Whether the usual case is met, that of a rotated state with a scale of its own for every channel.</summary>
    private bool IsRotatedInRegisters =>
        IsRotated && BaseSigns == null && StateScales != null && IsQuantizedProduct && !IsSimulated && !IsObserved && ScanCodeProduct.Rotates(States);

    /// <summary>Scratch of one tile: a rotated copy of h, its largest magnitudes, codes, the base matrix's vectors, and counters.</summary>
    internal long ScratchBytes(int lanes) =>
        IsPlain ? 0 : checked((4L * States * lanes * sizeof(float)) + ((long)CounterStride * lanes * sizeof(int)));

    /// <summary>Starts a tile: no magnitude seen.</summary>
    internal void Begin(byte* scratch, int lanes)
    {
        if (IsObserved)
        {
            new Span<float>(Maxima(scratch, lanes), States * lanes).Clear();
            new Span<int>(Counters(scratch, lanes), CounterStride * lanes).Clear();
        }
    }

    /// <summary>Ends a tile: what it has seen goes into the accumulators.</summary>
    internal void End(byte* scratch, int lanes, int channel, int channels)
    {
        if (!IsObserved)
        {
            return;
        }

        float* maxima = Maxima(scratch, lanes);
        for (int lane = 0; lane < channels; lane++)
        {
            float* target = AbsoluteMaximum + ((nint)(channel + lane) * States);
            for (int n = 0; n < States; n++)
            {
                target[n] = Math.Max(target[n], maxima[(n * lanes) + lane]);
            }

            if (Counts != null)
            {
                AddCounters(Counters(scratch, lanes) + (lane * CounterStride), Counts + ((nint)(channel + lane) * HistogramBins.MagnitudeBinCount));
            }
        }
    }

    /// <summary>Σ_n h C of one token.</summary>
    /// <param name="state">[N, lanes], the state; not changed.</param>
    /// <param name="row">Index of the token over all sequences.</param>
    /// <param name="channel">First channel of the lanes.</param>
    /// <param name="channels">Lanes in use.</param>
    /// <param name="scratch">Memory of <see cref="ScratchBytes"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal TVector Product<TLanes, TVector>(float* state, nint row, int channel, int channels, byte* scratch)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        if (IsRotatedInRegisters)
        {
            TVector scales = Scale<TLanes, TVector>(state, channel, channels);
            TVector sum = ScanCodeProduct.RotatedSum<TLanes, TVector>(
                state, (float*)scratch, CIntegers + (row * States), States, (float)(1 / Math.Sqrt(States)), scales, LargestCode);
            return TLanes.MultiplyInDouble(scales, sum, OutputScale(row));
        }

        float* h = state;
        if (IsRotated)
        {
            h = (float*)scratch;
            new ReadOnlySpan<float>(state, States * TLanes.Count).CopyTo(new Span<float>(h, States * TLanes.Count));
            HadamardLanes.Transform<TLanes, TVector, float>(
                h, BaseSigns, BaseOrder, PowerOfTwo, (float)(1 / Math.Sqrt(States)), Vectors(scratch, TLanes.Count));
        }

        if (IsObserved)
        {
            Observe<TLanes, TVector>(h, channels, Maxima(scratch, TLanes.Count), Counters(scratch, TLanes.Count), Codes(scratch, TLanes.Count));
        }

        if (LargestCode == 0)
        {
            return FloatProduct<TLanes, TVector>(h, row);
        }

        TVector scale = Scale<TLanes, TVector>(h, channel, channels);
        return IsQuantizedProduct
            ? CodeProduct<TLanes, TVector>(h, row, scale, Codes(scratch, TLanes.Count))
            : RoundedProduct<TLanes, TVector>(h, row, scale);
    }

    private static void AddCounters(int* counters, long* counts)
    {
        for (int bin = 0; bin < HistogramBins.MagnitudeBinCount; bin++)
        {
            counts[bin] += counters[bin];
        }
    }

    private float* Maxima(byte* scratch, int lanes) => (float*)scratch + ((nint)States * lanes);

    private int* Codes(byte* scratch, int lanes) => (int*)scratch + (2 * (nint)States * lanes);

    private float* Vectors(byte* scratch, int lanes) => (float*)scratch + (3 * (nint)States * lanes);

    private int* Counters(byte* scratch, int lanes) => (int*)scratch + (4 * (nint)States * lanes);

    private void Observe<TLanes, TVector>(float* h, int channels, float* maxima, int* counters, int* bins)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        for (nint i = 0; i < (nint)States * TLanes.Count; i += TLanes.Count)
        {
            TLanes.Store(maxima + i, TLanes.Max(TLanes.Abs(TLanes.Load(h + i)), TLanes.Load(maxima + i)));
        }

        if (Counts == null)
        {
            return;
        }

        // Lane after lane, so that no counter is raised twice in a row: that would wait for the store before.
        for (nint n = 0; n < States; n++)
        {
            IntegerLanes.MagnitudeBins(h + (n * TLanes.Count), TLanes.Count, bins);
            for (nint lane = 0; lane < channels; lane++)
            {
                counters[(lane * CounterStride) + bins[lane]]++;
            }
        }
    }

    /// <summary>The scale of h in every lane: given, or the largest magnitude over the states divided by the largest code; 1 where that is 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TVector Scale<TLanes, TVector>(float* h, int channel, int channels)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        TVector one = TLanes.Broadcast(1f);
        TVector scale;
        if (StateScales != null)
        {
            scale = LaneTail.Load<TLanes, TVector, float>(StateScales + channel, channels);
        }
        else
        {
            TVector largest = TLanes.Zero;
            for (nint n = 0; n < States; n++)
            {
                largest = TLanes.Max(TLanes.Abs(TLanes.Load(h + (n * TLanes.Count))), largest);
            }

            scale = TLanes.Divide(largest, TLanes.Broadcast(LargestCode));
        }

        return TLanes.SelectGreater(scale, TLanes.Zero, scale, one);
    }

    /// <summary>Σ_n h C with h in fp32 and C in fp32, or the fp32 values of its codes.</summary>
    private TVector FloatProduct<TLanes, TVector>(float* h, nint row)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        TVector sum = TLanes.Zero;
        int states = States;
        if (CCodes == null)
        {
            float* c = C + (row * states);
            for (nint n = 0; n < states; n++)
            {
                sum = TLanes.MultiplyAdd(TLanes.Load(h + (n * TLanes.Count)), TLanes.Broadcast(c[n]), sum);
            }
        }
        else
        {
            for (nint n = 0; n < states; n++)
            {
                sum = TLanes.MultiplyAdd(TLanes.Load(h + (n * TLanes.Count)), TLanes.Broadcast(OutputValue(row, n)), sum);
            }
        }

        return sum;
    }

    /// <summary>Σ_n (s q) C with h rounded to its grid and C in fp32.</summary>
    private TVector RoundedProduct<TLanes, TVector>(float* h, nint row, TVector scale)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        TVector sum = TLanes.Zero;
        TVector poison = TLanes.Zero;
        TVector limit = TLanes.Broadcast(LargestCode);
        for (nint n = 0; n < States; n++)
        {
            TVector value = TLanes.Load(h + (n * TLanes.Count));
            poison = TLanes.MultiplyAdd(value, TLanes.Zero, poison);
            TVector rounded = TLanes.Multiply(Code<TLanes, TVector>(value, scale, limit), scale);
            sum = TLanes.MultiplyAdd(rounded, TLanes.Broadcast(OutputValue(row, n)), sum);
        }

        return TLanes.Add(sum, poison);
    }

    /// <summary>s_e s_C Σ_n q_h q_C, the sum exact, the scaling in fp64, rounded once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TVector CodeProduct<TLanes, TVector>(float* h, nint row, TVector scale, int* codes)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        return IsSimulated
            ? SimulatedProduct<TLanes, TVector>(h, row, scale, codes)
            : TLanes.MultiplyInDouble(scale, ScanCodeProduct.Sum<TLanes, TVector>(h, CIntegers + (row * States), States, scale, LargestCode), OutputScale(row));
    }

    /// <summary>The same numbers from dequantized values, summed in fp64.</summary>
    [SkipLocalsInit]
    private TVector SimulatedProduct<TLanes, TVector>(float* h, nint row, TVector scale, int* codes)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        TVector poison = TLanes.Zero;
        TVector limit = TLanes.Broadcast(LargestCode);
        for (nint n = 0; n < States; n++)
        {
            TVector value = TLanes.Load(h + (n * TLanes.Count));
            poison = TLanes.MultiplyAdd(value, TLanes.Zero, poison);
            TLanes.StoreInt32(codes + (n * TLanes.Count), Code<TLanes, TVector>(value, scale, limit));
        }

        float* scales = stackalloc float[TLanes.Count];
        float* products = stackalloc float[TLanes.Count];
        TLanes.Store(scales, scale);
        for (int lane = 0; lane < TLanes.Count; lane++)
        {
            double sum = 0;
            for (nint n = 0; n < States; n++)
            {
                sum += (double)scales[lane] * codes[(n * TLanes.Count) + lane] * CCodes[(row * States) + n];
            }

            products[lane] = (float)(sum * OutputScale(row));
        }

        return TLanes.Add(TLanes.Load(products), poison);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Code<TLanes, TVector>(TVector value, TVector scale, TVector limit)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct =>
        TLanes.Clamp(TLanes.Round(TLanes.Divide(value, scale)), TLanes.Subtract(TLanes.Zero, limit), limit);

    private double OutputScale(nint row) => CTokenScales == null ? CScale : CTokenScales[row];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private float OutputValue(nint row, nint n) =>
        CCodes == null ? C[(row * States) + n] : CCodes[(row * States) + n] * (CTokenScales == null ? CScale : CTokenScales[row]);
}
