using System.Numerics;
using System.Runtime.CompilerServices;
using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Forward;

/// <summary>Every row x ← x · (base ⊗ Sylvester(2^k)) / sqrt(m·2^k), in place.</summary>
/// <remarks>
/// Where 2^k fills a vector: butterflies inside each vector, then across vectors, then the base matrix across the blocks. Smaller
/// orders (a time-step rank of 48 = 12 · 4) run one lane wide. Cost: a row takes m·2^k·(m + k) additions. Only sums and sign
/// changes occur before the one scaling, so every tier gives the same bits.
/// </remarks>
/// <typeparam name="T">float or double.</typeparam>
internal readonly unsafe struct WalshHadamardKernel<T> : ITileKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly T* _x;
    private readonly float* _baseSigns;
    private readonly int _baseOrder;
    private readonly int _powerOfTwo;
    private readonly RowTiling _rows;

    /// <summary>Makes the kernel; the base may be null for m = 1.</summary>
    internal WalshHadamardKernel(T* x, float* baseSigns, int rows, int baseOrder, int powerOfTwo)
    {
        _x = x;
        _baseSigns = baseSigns;
        _baseOrder = baseOrder;
        _powerOfTwo = powerOfTwo;
        _rows = new RowTiling(rows, checked(baseOrder * powerOfTwo));
    }

    /// <summary>Number of tiles.</summary>
    internal int Tiles => _rows.Tiles;

    /// <inheritdoc/>
    [SkipLocalsInit]
    public void Tile<TLanes, TVector>(int tile)
        where TLanes : struct, ILanes<TVector, T>
        where TVector : struct
    {
        int order = _baseOrder * _powerOfTwo;
        T scale = T.CreateChecked(1 / Math.Sqrt(order));
        T* scratch = stackalloc T[_baseOrder * TLanes.Count];
        for (int row = _rows.First(tile); row < _rows.End(tile); row++)
        {
            T* x = _x + ((nint)row * order);
            if (_powerOfTwo < TLanes.Count)
            {
                HadamardLanes.Transform<LanesScalar<T>, T, T>(x, _baseSigns, _baseOrder, _powerOfTwo, scale, scratch);
                continue;
            }

            for (int i = 0; i < order; i += TLanes.Count)
            {
                TLanes.Store(x + i, WithinVector<TLanes, TVector>(TLanes.Load(x + i)));
            }

            HadamardLanes.Transform<TLanes, TVector, T>(x, _baseSigns, _baseOrder, _powerOfTwo / TLanes.Count, scale, scratch);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector WithinVector<TLanes, TVector>(TVector value)
        where TLanes : struct, ILanes<TVector, T>
        where TVector : struct
    {
        value = TLanes.Count > 1 ? TLanes.Butterfly(value, 1) : value;
        value = TLanes.Count > 2 ? TLanes.Butterfly(value, 2) : value;
        value = TLanes.Count > 4 ? TLanes.Butterfly(value, 4) : value;
        return TLanes.Count > 8 ? TLanes.Butterfly(value, 8) : value;
    }
}
