using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Statistics;

/// <summary>minimum[c] = min(minimum[c], x[t, c]) and the same for the maximum; a tile is one vector of channels over all rows.</summary>
internal readonly unsafe struct RangeKernel : ITileKernel<float>
{
    private readonly float* _x;
    private readonly float* _minimum;
    private readonly float* _maximum;
    private readonly int _rows;
    private readonly int _channels;

    /// <summary>Makes the kernel.</summary>
    internal RangeKernel(float* x, float* minimum, float* maximum, int rows, int channels)
    {
        _x = x;
        _minimum = minimum;
        _maximum = maximum;
        _rows = rows;
        _channels = channels;
    }

    /// <summary>Number of tiles.</summary>
    internal int Tiles => (_channels + SimdTiers.SingleCount - 1) / SimdTiers.SingleCount;

    /// <inheritdoc/>
    public void Tile<TLanes, TVector>(int tile)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        int channel = tile * TLanes.Count;
        int lanes = Math.Min(TLanes.Count, _channels - channel);
        TVector minimum = LaneTail.Load<TLanes, TVector, float>(_minimum + channel, lanes);
        TVector maximum = LaneTail.Load<TLanes, TVector, float>(_maximum + channel, lanes);
        float* x = _x + channel;
        if (lanes == TLanes.Count)
        {
            for (int row = 0; row < _rows; row++, x += _channels)
            {
                TVector value = TLanes.Load(x);
                minimum = TLanes.Min(minimum, value);
                maximum = TLanes.Max(maximum, value);
            }
        }
        else
        {
            for (int row = 0; row < _rows; row++, x += _channels)
            {
                TVector value = LaneTail.Load<TLanes, TVector, float>(x, lanes);
                minimum = TLanes.Min(minimum, value);
                maximum = TLanes.Max(maximum, value);
            }
        }

        LaneTail.Store<TLanes, TVector, float>(_minimum + channel, minimum, lanes);
        LaneTail.Store<TLanes, TVector, float>(_maximum + channel, maximum, lanes);
    }
}
