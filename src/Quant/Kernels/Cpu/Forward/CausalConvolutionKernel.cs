using System.Runtime.CompilerServices;
using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Forward;

/// <summary>y[b, t, c] = silu(bias[c] + Σ_j taps[c, j] · extended[b, t + j, c]), j ascending; lanes are channels.</summary>
internal readonly unsafe struct CausalConvolutionKernel : ITileKernel<float>
{
    private readonly float* _extended;
    private readonly float* _taps;
    private readonly float* _bias;
    private readonly float* _y;
    private readonly int _length;
    private readonly int _channels;
    private readonly int _tapCount;
    private readonly RowTiling _rows;

    /// <summary>Makes the kernel.</summary>
    /// <param name="extended">[B, K−1+L, C].</param>
    /// <param name="taps">[K, C]: transposed, so that lanes read next to each other.</param>
    /// <param name="bias">[C], or null.</param>
    /// <param name="y">[B, L, C].</param>
    /// <param name="batch">B.</param>
    /// <param name="length">L.</param>
    /// <param name="channels">C.</param>
    /// <param name="tapCount">K.</param>
    internal CausalConvolutionKernel(float* extended, float* taps, float* bias, float* y, int batch, int length, int channels, int tapCount)
    {
        _extended = extended;
        _taps = taps;
        _bias = bias;
        _y = y;
        _length = length;
        _channels = channels;
        _tapCount = tapCount;
        _rows = new RowTiling(checked(batch * length), channels);
    }

    /// <summary>Number of tiles.</summary>
    internal int Tiles => _rows.Tiles;

    /// <inheritdoc/>
    public void Tile<TLanes, TVector>(int tile)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        for (int row = _rows.First(tile); row < _rows.End(tile); row++)
        {
            (int sequence, int token) = Math.DivRem(row, _length);
            float* input = _extended + (((nint)sequence * (_tapCount - 1 + _length)) + token) * _channels;
            float* y = _y + ((nint)row * _channels);
            int c = 0;
            for (; c <= _channels - TLanes.Count; c += TLanes.Count)
            {
                Convolve<TLanes, TVector>(input, y, c, TLanes.Count);
            }

            if (c < _channels)
            {
                Convolve<TLanes, TVector>(input, y, c, _channels - c);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Convolve<TLanes, TVector>(float* input, float* y, int c, int lanes)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        TVector sum = _bias == null ? TLanes.Zero : LaneTail.Load<TLanes, TVector, float>(_bias + c, lanes);
        for (int tap = 0; tap < _tapCount; tap++)
        {
            nint offset = ((nint)tap * _channels) + c;
            sum = TLanes.MultiplyAdd(
                LaneTail.Load<TLanes, TVector, float>(_taps + offset, lanes),
                LaneTail.Load<TLanes, TVector, float>(input + offset, lanes),
                sum);
        }

        LaneTail.Store<TLanes, TVector, float>(y + c, LaneMath.Silu<TLanes, TVector>(sum), lanes);
    }
}
