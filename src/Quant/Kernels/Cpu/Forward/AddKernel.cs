using System.Numerics;
using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Forward;

/// <summary>target ← target + addend, element by element.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal readonly unsafe struct AddKernel<T> : ITileKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly T* _target;
    private readonly T* _addend;
    private readonly FlatTiling _elements;

    /// <summary>Makes the kernel.</summary>
    internal AddKernel(T* target, T* addend, long count)
    {
        _target = target;
        _addend = addend;
        _elements = new FlatTiling(count);
    }

    /// <summary>Number of tiles.</summary>
    internal int Tiles => _elements.Tiles;

    /// <inheritdoc/>
    public void Tile<TLanes, TVector>(int tile)
        where TLanes : struct, ILanes<TVector, T>
        where TVector : struct
    {
        T* target = _target + _elements.First(tile);
        T* addend = _addend + _elements.First(tile);
        int count = _elements.Count(tile);
        int i = 0;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
        {
            TLanes.Store(target + i, TLanes.Add(TLanes.Load(target + i), TLanes.Load(addend + i)));
        }

        for (; i < count; i++)
        {
            target[i] += addend[i];
        }
    }
}
