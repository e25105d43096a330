using System.Runtime.CompilerServices;
using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Forward;

/// <summary>h ← exp(Δ A) h + Δ x B; y = Σ_n h C + D x, token after token.</summary>
/// <remarks>
/// Lanes are channels: a tile is one sequence and one vector of channels, whose N states (a vector each) stay in the first-level
/// cache while the tokens pass. So any N works, no sum runs across lanes, and y adds up n in ascending order at every tier. A
/// token's result follows from the state before it alone: one call over L tokens and L calls over one give the same bits.
/// Cost: B·L·E·N exponentials and twice as many multiply-adds; scratch of 4 vectors a state and tile.
/// </remarks>
internal readonly unsafe struct SelectiveScanKernel : ITileKernel<float>
{
    private const int PrefetchedTokens = 8;

    private readonly ScanArrays _arrays;
    private readonly ScanReadoutLanes _readout;
    private readonly bool _plain;
    private readonly int _sequencesPerTile;
    private readonly CpuMemoryPool _pool;

    /// <summary>Makes the kernel.</summary>
    /// <param name="arrays">What is read and written.</param>
    /// <param name="readout">How h meets C.</param>
    /// <param name="pool">Gives the scratch memory.</param>
    internal SelectiveScanKernel(in ScanArrays arrays, in ScanReadoutLanes readout, CpuMemoryPool pool)
    {
        _arrays = arrays;
        _readout = readout;
        _plain = readout.IsPlain;
        _sequencesPerTile = readout.IsObserved ? Math.Max(1, arrays.Batch) : 1;
        _pool = pool;
    }

    /// <summary>Number of tiles: sequences × vectors of channels; where h is observed the sequences share a tile, for they share its counters.</summary>
    internal int Tiles => checked((_arrays.Batch + _sequencesPerTile - 1) / _sequencesPerTile * Blocks);

    /// <summary>An exponential counts as eight multiply-adds.</summary>
    internal long Operations => 10L * _arrays.Batch * _arrays.Length * _arrays.Channels * _arrays.States;

    private int Blocks => (_arrays.Channels + SimdTiers.SingleCount - 1) / SimdTiers.SingleCount;

    /// <inheritdoc/>
    public void Tile<TLanes, TVector>(int tile)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        (int group, int block) = Math.DivRem(tile, Blocks);
        int channel = block * TLanes.Count;
        int channels = Math.Min(TLanes.Count, _arrays.Channels - channel);
        long matrixBytes = checked((long)_arrays.States * TLanes.Count * sizeof(float));
        long scratchBytes = checked((2 * matrixBytes) + _readout.ScratchBytes(TLanes.Count));
        byte* scratch = _pool.Rent(scratchBytes);
        float* decay = (float*)scratch;
        float* state = (float*)(scratch + matrixBytes);
        _readout.Begin(scratch + (2 * matrixBytes), TLanes.Count);
        PanelPacking.TransposePadded(_arrays.A + ((nint)channel * _arrays.States), _arrays.States, channels, _arrays.States, decay, TLanes.Count);
        ToBase2<TLanes, TVector>(decay, _arrays.States);
        int end = Math.Min(_arrays.Batch, (group + 1) * _sequencesPerTile);
        for (int sequence = group * _sequencesPerTile; sequence < end; sequence++)
        {
            float* carried = _arrays.State + ((((nint)sequence * _arrays.Channels) + channel) * _arrays.States);
            PanelPacking.TransposePadded(carried, _arrays.States, channels, _arrays.States, state, TLanes.Count);
            if (_plain && channels == TLanes.Count)
            {
                Scan<TLanes, TVector>(sequence, channel, TLanes.Count, decay, state);
            }
            else if (_plain)
            {
                Scan<TLanes, TVector>(sequence, channel, channels, decay, state);
            }
            else
            {
                ScanWithReadout<TLanes, TVector>(sequence, channel, channels, decay, state, scratch + (2 * matrixBytes));
            }

            PanelPacking.Transpose(state, TLanes.Count, _arrays.States, channels, carried, _arrays.States);
        }

        _readout.End(scratch + (2 * matrixBytes), TLanes.Count, channel, channels);
        _pool.Return(scratch, scratchBytes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Scan<TLanes, TVector>(int sequence, int channel, int channels, float* decay, float* state)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        TVector skip = LaneTail.Load<TLanes, TVector, float>(_arrays.D + channel, channels);
        int states = _arrays.States;
        nint ahead = PrefetchedTokens * (nint)_arrays.Channels;
        for (int token = 0; token < _arrays.Length; token++)
        {
            nint row = ((nint)sequence * _arrays.Length) + token;
            nint at = (row * _arrays.Channels) + channel;
            TVector delta = LaneTail.Load<TLanes, TVector, float>(_arrays.Delta + at, channels);
            TVector x = LaneTail.Load<TLanes, TVector, float>(_arrays.X + at, channels);
            Ahead(at + ahead);
            TVector input = TLanes.Multiply(delta, x);
            float* b = _arrays.B + (row * states);
            float* c = _arrays.C + (row * states);
            TVector sum = TLanes.Zero;
            for (nint n = 0; n < states; n++)
            {
                TVector h = Advance<TLanes, TVector>(delta, input, b[n], decay + (n * TLanes.Count), state + (n * TLanes.Count));
                sum = TLanes.MultiplyAdd(h, TLanes.Broadcast(c[n]), sum);
            }

            LaneTail.Store<TLanes, TVector, float>(_arrays.Y + at, TLanes.MultiplyAdd(skip, x, sum), channels);
        }
    }

    private void ScanWithReadout<TLanes, TVector>(int sequence, int channel, int channels, float* decay, float* state, byte* scratch)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        TVector skip = LaneTail.Load<TLanes, TVector, float>(_arrays.D + channel, channels);
        int states = _arrays.States;
        nint ahead = PrefetchedTokens * (nint)_arrays.Channels;
        for (int token = 0; token < _arrays.Length; token++)
        {
            nint row = ((nint)sequence * _arrays.Length) + token;
            nint at = (row * _arrays.Channels) + channel;
            TVector delta = LaneTail.Load<TLanes, TVector, float>(_arrays.Delta + at, channels);
            TVector x = LaneTail.Load<TLanes, TVector, float>(_arrays.X + at, channels);
            Ahead(at + ahead);
            TVector input = TLanes.Multiply(delta, x);
            float* b = _arrays.B + (row * states);
            for (nint n = 0; n < states; n++)
            {
                _ = Advance<TLanes, TVector>(delta, input, b[n], decay + (n * TLanes.Count), state + (n * TLanes.Count));
            }

            TVector sum = _readout.Product<TLanes, TVector>(state, row, channel, channels, scratch);
            LaneTail.Store<TLanes, TVector, float>(_arrays.Y + at, TLanes.MultiplyAdd(skip, x, sum), channels);
        }
    }

    /// <summary>Asks for what a later token reads: rows lie a page or more apart, which no processor foresees.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Ahead(nint at)
    {
        Prefetch.Soon(_arrays.X + at);
        Prefetch.Soon(_arrays.Delta + at);
        Prefetch.Soon(_arrays.Y + at);
    }

    /// <summary>A ← A · log2(e), so that exp(Δ A) = 2^(Δ A).</summary>
    private static void ToBase2<TLanes, TVector>(float* decay, int states)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        TVector factor = TLanes.Broadcast(1.44269504088896341f);
        for (nint n = 0; n < states; n++)
        {
            TLanes.Store(decay + (n * TLanes.Count), TLanes.Multiply(TLanes.Load(decay + (n * TLanes.Count)), factor));
        }
    }

    /// <summary>One step of one state in every lane: h ← exp(Δ A) h + (Δ x) B.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Advance<TLanes, TVector>(TVector delta, TVector input, float b, float* decay, float* state)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        TVector factor = LaneMath.ExpBase2<TLanes, TVector>(TLanes.Multiply(delta, TLanes.Load(decay)));
        TVector h = TLanes.MultiplyAdd(factor, TLanes.Load(state), TLanes.Multiply(input, TLanes.Broadcast(b)));
        TLanes.Store(state, h);
        return h;
    }
}
