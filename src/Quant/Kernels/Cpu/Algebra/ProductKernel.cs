using System.Runtime.CompilerServices;
using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Algebra;

/// <summary>Updates the tiles of c from one packed depth block; see <see cref="BlockedProduct"/>.</summary>
internal unsafe struct ProductKernel : ITileKernel<double>
{
    /// <summary>The largest rectangle of a micro-kernel, 8 rows by 3 vectors of 8.</summary>
    private const int LargestRectangle = 8 * 24;

    /// <summary>[panel][depth][rows of a panel].</summary>
    internal double* PackedA;

    /// <summary>[panel][depth][columns of a panel].</summary>
    internal double* PackedB;

    /// <summary>The destination.</summary>
    internal MatrixView C;

    /// <summary>Depth of the packed block.</summary>
    internal int Depth;

    /// <summary>Tiles beside each other.</summary>
    internal int ColumnTiles;

    /// <summary>What becomes of the old values of c.</summary>
    internal ProductUpdate Update;

    /// <summary>Whether tiles wholly above the diagonal are left alone.</summary>
    internal bool LowerOnly;

    /// <inheritdoc/>
    public readonly void Tile<TLanes, TVector>(int tile)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        int firstRow = tile / ColumnTiles * BlockedProduct.TileRows;
        int firstColumn = tile % ColumnTiles * BlockedProduct.TileColumns;
        int endRow = Math.Min(firstRow + BlockedProduct.TileRows, C.Rows);
        int endColumn = Math.Min(firstColumn + BlockedProduct.TileColumns, C.Columns);
        if (LowerOnly && firstColumn >= endRow)
        {
            return;
        }

        int panelRows = BlockedProduct.PanelRows<TLanes, TVector>();
        int panelColumns = BlockedProduct.PanelColumns<TLanes, TVector>();
        double* sums = stackalloc double[LargestRectangle];
        for (int column = firstColumn; column < endColumn; column += panelColumns)
        {
            double* b = PackedB + ((long)column * Depth);
            int columns = Math.Min(panelColumns, endColumn - column);
            for (int row = firstRow; row < endRow; row += panelRows)
            {
                double* a = PackedA + ((long)row * Depth);
                if (TLanes.Count == 8)
                {
                    MicroEight<TLanes, TVector>(a, b, Depth, sums);
                }
                else
                {
                    MicroFour<TLanes, TVector>(a, b, Depth, sums);
                }

                int rows = Math.Min(panelRows, endRow - row);
                for (int i = 0; i < rows; i++)
                {
                    Merge<TLanes, TVector>(sums + (i * panelColumns), C.At(row + i, column), columns);
                }
            }
        }
    }

    private readonly void Merge<TLanes, TVector>(double* sums, double* c, int count)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        int i = 0;
        if (Update == ProductUpdate.Overwrite)
        {
            new ReadOnlySpan<double>(sums, count).CopyTo(new Span<double>(c, count));
        }
        else if (Update == ProductUpdate.Add)
        {
            for (; i <= count - TLanes.Count; i += TLanes.Count)
            {
                TLanes.Store(c + i, TLanes.Add(TLanes.Load(c + i), TLanes.Load(sums + i)));
            }

            for (; i < count; i++)
            {
                c[i] += sums[i];
            }
        }
        else
        {
            for (; i <= count - TLanes.Count; i += TLanes.Count)
            {
                TLanes.Store(c + i, TLanes.Subtract(TLanes.Load(c + i), TLanes.Load(sums + i)));
            }

            for (; i < count; i++)
            {
                c[i] -= sums[i];
            }
        }
    }

    /// <summary>Eight rows by three vectors: 24 accumulators, 3 vectors of b and a broadcast element of a.</summary>
    private static void MicroEight<TLanes, TVector>(double* a, double* b, int depth, double* sums)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        TVector sum00 = TLanes.Zero, sum01 = TLanes.Zero, sum02 = TLanes.Zero;
        TVector sum10 = TLanes.Zero, sum11 = TLanes.Zero, sum12 = TLanes.Zero;
        TVector sum20 = TLanes.Zero, sum21 = TLanes.Zero, sum22 = TLanes.Zero;
        TVector sum30 = TLanes.Zero, sum31 = TLanes.Zero, sum32 = TLanes.Zero;
        TVector sum40 = TLanes.Zero, sum41 = TLanes.Zero, sum42 = TLanes.Zero;
        TVector sum50 = TLanes.Zero, sum51 = TLanes.Zero, sum52 = TLanes.Zero;
        TVector sum60 = TLanes.Zero, sum61 = TLanes.Zero, sum62 = TLanes.Zero;
        TVector sum70 = TLanes.Zero, sum71 = TLanes.Zero, sum72 = TLanes.Zero;
        for (int k = 0; k < depth; k++)
        {
            TVector b0 = TLanes.Load(b);
            TVector b1 = TLanes.Load(b + TLanes.Count);
            TVector b2 = TLanes.Load(b + (2 * TLanes.Count));
            TVector row = TLanes.Broadcast(a[0]);
            sum00 = TLanes.MultiplyAdd(row, b0, sum00);
            sum01 = TLanes.MultiplyAdd(row, b1, sum01);
            sum02 = TLanes.MultiplyAdd(row, b2, sum02);
            row = TLanes.Broadcast(a[1]);
            sum10 = TLanes.MultiplyAdd(row, b0, sum10);
            sum11 = TLanes.MultiplyAdd(row, b1, sum11);
            sum12 = TLanes.MultiplyAdd(row, b2, sum12);
            row = TLanes.Broadcast(a[2]);
            sum20 = TLanes.MultiplyAdd(row, b0, sum20);
            sum21 = TLanes.MultiplyAdd(row, b1, sum21);
            sum22 = TLanes.MultiplyAdd(row, b2, sum22);
            row = TLanes.Broadcast(a[3]);
            sum30 = TLanes.MultiplyAdd(row, b0, sum30);
            sum31 = TLanes.MultiplyAdd(row, b1, sum31);
            sum32 = TLanes.MultiplyAdd(row, b2, sum32);
            row = TLanes.Broadcast(a[4]);
            sum40 = TLanes.MultiplyAdd(row, b0, sum40);
            sum41 = TLanes.MultiplyAdd(row, b1, sum41);
            sum42 = TLanes.MultiplyAdd(row, b2, sum42);
            row = TLanes.Broadcast(a[5]);
            sum50 = TLanes.MultiplyAdd(row, b0, sum50);
            sum51 = TLanes.MultiplyAdd(row, b1, sum51);
            sum52 = TLanes.MultiplyAdd(row, b2, sum52);
            row = TLanes.Broadcast(a[6]);
            sum60 = TLanes.MultiplyAdd(row, b0, sum60);
            sum61 = TLanes.MultiplyAdd(row, b1, sum61);
            sum62 = TLanes.MultiplyAdd(row, b2, sum62);
            row = TLanes.Broadcast(a[7]);
            sum70 = TLanes.MultiplyAdd(row, b0, sum70);
            sum71 = TLanes.MultiplyAdd(row, b1, sum71);
            sum72 = TLanes.MultiplyAdd(row, b2, sum72);
            a += 8;
            b += 3 * TLanes.Count;
        }

        StoreRow<TLanes, TVector>(sums, 0, sum00, sum01, sum02);
        StoreRow<TLanes, TVector>(sums, 1, sum10, sum11, sum12);
        StoreRow<TLanes, TVector>(sums, 2, sum20, sum21, sum22);
        StoreRow<TLanes, TVector>(sums, 3, sum30, sum31, sum32);
        StoreRow<TLanes, TVector>(sums, 4, sum40, sum41, sum42);
        StoreRow<TLanes, TVector>(sums, 5, sum50, sum51, sum52);
        StoreRow<TLanes, TVector>(sums, 6, sum60, sum61, sum62);
        StoreRow<TLanes, TVector>(sums, 7, sum70, sum71, sum72);
    }

    /// <summary>Four rows by three vectors: 12 accumulators, 3 vectors of b and a broadcast element of a.</summary>
    private static void MicroFour<TLanes, TVector>(double* a, double* b, int depth, double* sums)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        TVector sum00 = TLanes.Zero, sum01 = TLanes.Zero, sum02 = TLanes.Zero;
        TVector sum10 = TLanes.Zero, sum11 = TLanes.Zero, sum12 = TLanes.Zero;
        TVector sum20 = TLanes.Zero, sum21 = TLanes.Zero, sum22 = TLanes.Zero;
        TVector sum30 = TLanes.Zero, sum31 = TLanes.Zero, sum32 = TLanes.Zero;
        for (int k = 0; k < depth; k++)
        {
            TVector b0 = TLanes.Load(b);
            TVector b1 = TLanes.Load(b + TLanes.Count);
            TVector b2 = TLanes.Load(b + (2 * TLanes.Count));
            TVector row = TLanes.Broadcast(a[0]);
            sum00 = TLanes.MultiplyAdd(row, b0, sum00);
            sum01 = TLanes.MultiplyAdd(row, b1, sum01);
            sum02 = TLanes.MultiplyAdd(row, b2, sum02);
            row = TLanes.Broadcast(a[1]);
            sum10 = TLanes.MultiplyAdd(row, b0, sum10);
            sum11 = TLanes.MultiplyAdd(row, b1, sum11);
            sum12 = TLanes.MultiplyAdd(row, b2, sum12);
            row = TLanes.Broadcast(a[2]);
            sum20 = TLanes.MultiplyAdd(row, b0, sum20);
            sum21 = TLanes.MultiplyAdd(row, b1, sum21);
            sum22 = TLanes.MultiplyAdd(row, b2, sum22);
            row = TLanes.Broadcast(a[3]);
            sum30 = TLanes.MultiplyAdd(row, b0, sum30);
            sum31 = TLanes.MultiplyAdd(row, b1, sum31);
            sum32 = TLanes.MultiplyAdd(row, b2, sum32);
            a += 4;
            b += 3 * TLanes.Count;
        }

        StoreRow<TLanes, TVector>(sums, 0, sum00, sum01, sum02);
        StoreRow<TLanes, TVector>(sums, 1, sum10, sum11, sum12);
        StoreRow<TLanes, TVector>(sums, 2, sum20, sum21, sum22);
        StoreRow<TLanes, TVector>(sums, 3, sum30, sum31, sum32);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreRow<TLanes, TVector>(double* sums, int row, TVector first, TVector second, TVector third)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        double* destination = sums + (row * 3 * TLanes.Count);
        TLanes.Store(destination, first);
        TLanes.Store(destination + TLanes.Count, second);
        TLanes.Store(destination + (2 * TLanes.Count), third);
    }
}
