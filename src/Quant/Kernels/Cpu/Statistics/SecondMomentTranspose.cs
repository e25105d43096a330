using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Statistics;

/// <summary>Turns a block of rows into channels: transposed[c, t] = x[t, c], channels <see cref="SecondMomentKernel.TransposedStride"/> apart.</summary>
internal readonly unsafe struct SecondMomentTranspose : ITileKernel<float>
{
    private const int ChannelsPerTile = 64;

    private readonly float* _x;
    private readonly float* _transposed;
    private readonly int _rows;
    private readonly int _channels;

    /// <summary>Makes the kernel.</summary>
    internal SecondMomentTranspose(float* x, float* transposed, int rows, int channels)
    {
        _x = x;
        _transposed = transposed;
        _rows = rows;
        _channels = channels;
    }

    /// <summary>Number of tiles.</summary>
    internal int Tiles => (_channels + ChannelsPerTile - 1) / ChannelsPerTile;

    /// <inheritdoc/>
    public void Tile<TLanes, TVector>(int tile)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        int first = tile * ChannelsPerTile;
        int count = Math.Min(ChannelsPerTile, _channels - first);
        const int Stride = SecondMomentKernel.TransposedStride;
        PanelPacking.Transpose(_x + first, _channels, _rows, count, _transposed + ((nint)first * Stride), Stride);
    }
}
