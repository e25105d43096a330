using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Algebra;

/// <summary>The fp64 matrix product, blocked for the caches: c ← a·b, c + a·b or c − a·b.</summary>
/// <remarks>
/// The inner dimension is cut into blocks of <see cref="DepthPerBlock"/>. For each block both operands are packed into panels
/// that the micro-kernel reads in order: [panel][depth][rows of a panel], zero-padded. Then independent tiles of
/// <see cref="TileRows"/> × <see cref="TileColumns"/> of c are updated; within one, a panel of b stays in the first-level cache
/// while the panels of a pass by, and the micro-kernel keeps a small rectangle of c in registers.
/// Order: each element of c is a chain of multiply-adds over one depth block, from 0, added to c block after block. Neither
/// its place in a tile nor the number of threads changes it; transposed operands are only packed differently.
/// </remarks>
internal sealed unsafe class BlockedProduct
{
    /// <summary>Inner extent of one block: a panel of b (24 columns) then takes 36 KiB, three quarters of a first-level cache.</summary>
    internal const int DepthPerBlock = 192;

    /// <summary>Rows of c in a tile; a multiple of every panel height.</summary>
    internal const int TileRows = 96;

    /// <summary>Columns of c in a tile; a multiple of every panel width.</summary>
    internal const int TileColumns = 192;

    private readonly CpuMemoryPool _pool;
    private readonly TileLoop _tiles;

    /// <summary>Makes a product that borrows its packing buffers.</summary>
    internal BlockedProduct(CpuMemoryPool pool, TileLoop tiles)
    {
        _pool = pool;
        _tiles = tiles;
    }

    /// <summary>Computes c from a·b.</summary>
    /// <param name="a">[m, k], any strides.</param>
    /// <param name="b">[k, n], any strides.</param>
    /// <param name="c">[m, n], columns adjacent; shares no memory with a or b.</param>
    /// <param name="update">What becomes of the old values of c.</param>
    /// <param name="lowerOnly">Whether tiles wholly above the diagonal of c are left alone.</param>
    internal void Run(MatrixView a, MatrixView b, MatrixView c, ProductUpdate update, bool lowerOnly = false)
    {
        int rowTiles = CeilingDivide(c.Rows, TileRows);
        int columnTiles = CeilingDivide(c.Columns, TileColumns);
        int depth = a.Columns;
        if (depth == 0 && update == ProductUpdate.Overwrite)
        {
            Clear(c);
        }

        if (depth == 0 || rowTiles == 0 || columnTiles == 0)
        {
            return;
        }

        long packedASize = checked((long)rowTiles * TileRows * DepthPerBlock * sizeof(double));
        long packedBSize = checked((long)columnTiles * TileColumns * DepthPerBlock * sizeof(double));
        byte* packedA = _pool.Rent(packedASize);
        byte* packedB = _pool.Rent(packedBSize);
        try
        {
            for (int first = 0; first < depth; first += DepthPerBlock)
            {
                int count = Math.Min(DepthPerBlock, depth - first);
                var pack = new ProductPackKernel
                {
                    A = a.Block(0, first, a.Rows, count),
                    B = b.Block(first, 0, count, b.Columns),
                    PackedA = (double*)packedA,
                    PackedB = (double*)packedB,
                    RowTiles = rowTiles,
                };
                _tiles.Run<ProductPackKernel, double>(pack, rowTiles + columnTiles, (long)count * (a.Rows + b.Columns));
                var product = new ProductKernel
                {
                    PackedA = (double*)packedA,
                    PackedB = (double*)packedB,
                    C = c,
                    Depth = count,
                    ColumnTiles = columnTiles,
                    Update = update == ProductUpdate.Overwrite && first > 0 ? ProductUpdate.Add : update,
                    LowerOnly = lowerOnly,
                };
                _tiles.Run<ProductKernel, double>(product, rowTiles * columnTiles, (long)count * c.Rows * c.Columns);
            }
        }
        finally
        {
            _pool.Return(packedA, packedASize);
            _pool.Return(packedB, packedBSize);
        }
    }

    /// <summary>Rows of a packed panel of a: as many as keep the micro-kernel's rectangle in registers (32 of them in AVX-512, else 16).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int PanelRows<TLanes, TVector>()
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct => TLanes.Count == 8 ? 8 : 4;

    /// <summary>Columns of a packed panel of b: three vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int PanelColumns<TLanes, TVector>()
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct => 3 * TLanes.Count;

    private static int CeilingDivide(int value, int divisor) => (value / divisor) + (value % divisor == 0 ? 0 : 1);

    private static void Clear(MatrixView c)
    {
        for (int row = 0; row < c.Rows; row++)
        {
            NativeMemory.Clear(c.At(row, 0), (nuint)c.Columns * sizeof(double));
        }
    }
}
