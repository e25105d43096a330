using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Algebra;

/// <summary>Packs one depth block of both operands of a <see cref="BlockedProduct"/>: the first tiles pack rows of a, the others columns of b.</summary>
internal unsafe struct ProductPackKernel : ITileKernel<double>
{
    /// <summary>Depths copied from a row before the next row: one cache line of the source.</summary>
    private const int DepthPerVisit = 8;

    /// <summary>[m, depth].</summary>
    internal MatrixView A;

    /// <summary>[depth, n].</summary>
    internal MatrixView B;

    /// <summary>[panel][depth][rows of a panel].</summary>
    internal double* PackedA;

    /// <summary>[panel][depth][columns of a panel].</summary>
    internal double* PackedB;

    /// <summary>Tiles of rows of a.</summary>
    internal int RowTiles;

    /// <inheritdoc/>
    public readonly void Tile<TLanes, TVector>(int tile)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        if (tile < RowTiles)
        {
            PackTile(A, PackedA, tile, BlockedProduct.TileRows, BlockedProduct.PanelRows<TLanes, TVector>());
        }
        else
        {
            PackTile(B.Transposed, PackedB, tile - RowTiles, BlockedProduct.TileColumns, BlockedProduct.PanelColumns<TLanes, TVector>());
        }
    }

    /// <summary>Packs the panels of one tile; <paramref name="source"/> has a row for every row (of a) or column (of b).</summary>
    private static void PackTile(MatrixView source, double* packed, int tile, int tileRows, int panelRows)
    {
        int first = tile * tileRows;
        int end = Math.Min(first + tileRows, source.Rows);
        for (int row = first; row < end; row += panelRows)
        {
            PackPanel(source, row, Math.Min(panelRows, end - row), panelRows, packed + ((long)row * source.Columns));
        }
    }

    private static void PackPanel(MatrixView source, int firstRow, int rows, int panelRows, double* destination)
    {
        int depth = source.Columns;
        if (rows < panelRows)
        {
            new Span<double>(destination, depth * panelRows).Clear();
        }

        if (source.RowStride == 1)
        {
            for (int k = 0; k < depth; k++)
            {
                new ReadOnlySpan<double>(source.At(firstRow, k), rows).CopyTo(new Span<double>(destination + (k * panelRows), rows));
            }

            return;
        }

        // A line of the source at a time: strides of a power of two would evict each other's lines before all of it is read.
        for (int k = 0; k < depth; k += DepthPerVisit)
        {
            int count = Math.Min(DepthPerVisit, depth - k);
            for (int row = 0; row < rows; row++)
            {
                double* from = source.At(firstRow + row, k);
                double* to = destination + (k * panelRows) + row;
                for (int i = 0; i < count; i++)
                {
                    to[i * panelRows] = from[i * source.ColumnStride];
                }
            }
        }
    }
}
