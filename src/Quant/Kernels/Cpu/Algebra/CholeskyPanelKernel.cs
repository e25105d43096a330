using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Algebra;

/// <summary>Rows of a Cholesky factor within one block of columns: x Lᵀ = a is solved for x, row by row, in place.</summary>
/// <remarks>
/// Rows of the block itself also get their pivot, the square root of what is left of the diagonal, and must be done in one
/// tile, first; rows below it don't depend on each other.
/// The factor of the block is kept transposed, so that one step takes x[j]·L[j+1…, j] off the rest of the row by whole vectors.
/// </remarks>
internal unsafe struct CholeskyPanelKernel : ITileKernel<double>
{
    /// <summary>Columns of a block; a multiple of the lanes of every tier.</summary>
    internal const int BlockColumns = 128;

    /// <summary>Rows below the block in one tile.</summary>
    internal const int RowsPerTile = 32;

    /// <summary>The rows to solve: the block's own, or all below it.</summary>
    internal MatrixView Rows;

    /// <summary>[BlockColumns, BlockColumns]: the block's factor transposed, zero where nothing is known.</summary>
    internal double* Transposed;

    /// <summary>Whether <see cref="Rows"/> is the block itself.</summary>
    internal bool IsDiagonalBlock;

    /// <summary>The first row of the block whose pivot is not positive, or −1; written by the diagonal block.</summary>
    internal int* FailedPivot;

    /// <summary>The value of that pivot.</summary>
    internal double* FailedValue;

    /// <inheritdoc/>
    public readonly void Tile<TLanes, TVector>(int tile)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        if (IsDiagonalBlock)
        {
            FactorDiagonalBlock<TLanes, TVector>();
            return;
        }

        double* row = stackalloc double[BlockColumns];
        int end = Math.Min((tile + 1) * RowsPerTile, Rows.Rows);
        for (int i = tile * RowsPerTile; i < end; i++)
        {
            var stored = new Span<double>(Rows.At(i, 0), Rows.Columns);
            stored.CopyTo(new Span<double>(row, Rows.Columns));
            for (int j = 0; j < Rows.Columns; j++)
            {
                row[j] /= Transposed[(j * BlockColumns) + j];
                Eliminate<TLanes, TVector>(row, j, Rows.Columns);
            }

            new Span<double>(row, Rows.Columns).CopyTo(stored);
        }
    }

    private readonly void FactorDiagonalBlock<TLanes, TVector>()
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        double* row = stackalloc double[BlockColumns];
        *FailedPivot = -1;
        for (int i = 0; i < Rows.Rows; i++)
        {
            var stored = new Span<double>(Rows.At(i, 0), i + 1);
            stored.CopyTo(new Span<double>(row, i + 1));
            for (int j = 0; j < i; j++)
            {
                double* column = Transposed + (j * BlockColumns);
                row[j] /= column[j];
                column[i] = row[j];
                Eliminate<TLanes, TVector>(row, j, i + 1);
            }

            if (!(row[i] > 0) || double.IsInfinity(row[i]))
            {
                *FailedPivot = i;
                *FailedValue = row[i];
                return;
            }

            row[i] = Math.Sqrt(row[i]);
            Transposed[(i * BlockColumns) + i] = row[i];
            new Span<double>(row, i + 1).CopyTo(stored);
        }
    }

    /// <summary>row[j+1 … count−1] −= row[j] · L[j+1 …, j]; whole vectors may run on into entries that nobody reads.</summary>
    private readonly void Eliminate<TLanes, TVector>(double* row, int j, int count)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        double* column = Transposed + (j * BlockColumns);
        double factor = row[j];
        int i = j + 1;
        for (; i < count && i % TLanes.Count != 0; i++)
        {
            row[i] -= factor * column[i];
        }

        TVector factors = TLanes.Broadcast(factor);
        for (; i < count; i += TLanes.Count)
        {
            TLanes.Store(row + i, TLanes.Subtract(TLanes.Load(row + i), TLanes.Multiply(factors, TLanes.Load(column + i))));
        }
    }
}
