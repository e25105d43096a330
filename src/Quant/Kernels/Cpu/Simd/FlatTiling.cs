namespace MambaQuant.Quant.Kernels.Cpu.Simd;

/// <summary>Cuts a flat array into tiles of a fixed size; only the last one has an odd number of elements.</summary>
internal readonly struct FlatTiling
{
    private const int TileElements = 1 << 14;

    private readonly long _elements;

    /// <summary>Cuts an array.</summary>
    /// <param name="elements">How many there are.</param>
    internal FlatTiling(long elements)
    {
        _elements = elements;
    }

    /// <summary>Number of tiles.</summary>
    internal int Tiles => checked((int)((_elements + TileElements - 1) / TileElements));

    /// <summary>First element of a tile.</summary>
    internal nint First(int tile) => (nint)tile * TileElements;

    /// <summary>Number of elements of a tile.</summary>
    internal int Count(int tile) => (int)Math.Min(TileElements, _elements - First(tile));
}
