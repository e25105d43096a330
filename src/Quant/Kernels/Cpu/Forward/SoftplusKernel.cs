using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Forward;

/// <summary>x ← log(1 + e^x), in place.</summary>
internal readonly unsafe struct SoftplusKernel : ITileKernel<float>
{
    private readonly float* _x;
    private readonly FlatTiling _elements;

    /// <summary>Makes the kernel.</summary>
    internal SoftplusKernel(float* x, long count)
    {
        _x = x;
        _elements = new FlatTiling(count);
    }

    /// <summary>Number of tiles.</summary>
    internal int Tiles => _elements.Tiles;

    /// <inheritdoc/>
    public void Tile<TLanes, TVector>(int tile)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        float* x = _x + _elements.First(tile);
        int count = _elements.Count(tile);
        int i = 0;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
        {
            TLanes.Store(x + i, LaneMath.Softplus<TLanes, TVector>(TLanes.Load(x + i)));
        }

        if (i < count)
        {
            TVector value = LaneTail.Load<TLanes, TVector, float>(x + i, count - i);
            LaneTail.Store<TLanes, TVector, float>(x + i, LaneMath.Softplus<TLanes, TVector>(value), count - i);
        }
    }
}
