using System.Numerics;
using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Statistics;

/// <summary>The smallest index of a NaN or infinity: value · 0 is 0 for every other number, so one sum tells whether a tile holds one.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal readonly unsafe struct FindNonFiniteKernel<T> : ITileKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly T* _x;
    private readonly long* _first;
    private readonly FlatTiling _elements;

    /// <summary>Makes the kernel.</summary>
    /// <param name="x">The values.</param>
    /// <param name="count">How many.</param>
    /// <param name="first">Lowered to the smallest index found; <see cref="long.MaxValue"/> before.</param>
    internal FindNonFiniteKernel(T* x, long count, long* first)
    {
        _x = x;
        _first = first;
        _elements = new FlatTiling(count);
    }

    /// <summary>Number of tiles.</summary>
    internal int Tiles => _elements.Tiles;

    /// <inheritdoc/>
    public void Tile<TLanes, TVector>(int tile)
        where TLanes : struct, ILanes<TVector, T>
        where TVector : struct
    {
        nint first = _elements.First(tile);
        int count = _elements.Count(tile);
        TVector poison = TLanes.Zero;
        int i = 0;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
        {
            poison = TLanes.MultiplyAdd(TLanes.Load(_x + first + i), TLanes.Zero, poison);
        }

        // The odd elements at the end are few enough to be looked at one by one.
        for (int start = T.IsNaN(TLanes.Sum(poison)) ? 0 : i; start < count; start++)
        {
            if (!T.IsFinite(_x[first + start]))
            {
                Lower(first + start);
                return;
            }
        }
    }

    private void Lower(long index)
    {
        long seen = Volatile.Read(ref *_first);
        while (index < seen)
        {
            long before = Interlocked.CompareExchange(ref *_first, index, seen);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }
}
