namespace MambaQuant.Quant.Kernels.Cpu.Simd;

/// <summary>Cuts rows into tiles of about equal work, by the extents alone.</summary>
internal readonly struct RowTiling
{
    /// <summary>Work of a tile, in elements: long beside the hand-over to a thread, small beside a call.</summary>
    private const int TileElements = 1 << 14;

    private readonly int _rows;
    private readonly int _rowsPerTile;

    /// <summary>Cuts rows.</summary>
    /// <param name="rows">How many.</param>
    /// <param name="elementsPerRow">Work of one row, in elements.</param>
    internal RowTiling(int rows, int elementsPerRow)
    {
        _rows = rows;
        _rowsPerTile = Math.Max(1, TileElements / Math.Max(1, elementsPerRow));
    }

    /// <summary>Number of tiles.</summary>
    internal int Tiles => (int)(((long)_rows + _rowsPerTile - 1) / _rowsPerTile);

    /// <summary>First row of a tile.</summary>
    internal int First(int tile) => tile * _rowsPerTile;

    /// <summary>One past the last row of a tile.</summary>
    internal int End(int tile) => (int)Math.Min(_rows, ((long)tile + 1) * _rowsPerTile);
}
