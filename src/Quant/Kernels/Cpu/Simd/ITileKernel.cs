using System.Numerics;

namespace MambaQuant.Quant.Kernels.Cpu.Simd;

/// <summary>A kernel cut into tiles that don't depend on each other: a struct of pointers and extents, and one method.</summary>
/// <remarks>Tiles are fixed by the extents alone, never by the number of threads, so neither are the results.</remarks>
/// <typeparam name="T">float or double.</typeparam>
internal interface ITileKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Computes one tile; must not throw.</summary>
    /// <typeparam name="TLanes">The arithmetic of the tier.</typeparam>
    /// <typeparam name="TVector">What holds its lanes.</typeparam>
    /// <param name="tile">Index of the tile.</param>
    void Tile<TLanes, TVector>(int tile)
        where TLanes : struct, ILanes<TVector, T>
        where TVector : struct;
}
