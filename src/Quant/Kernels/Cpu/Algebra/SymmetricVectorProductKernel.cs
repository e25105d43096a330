using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Algebra;

/// <summary>y = A v over the trailing rows of a dense symmetric matrix, each row a dot product.</summary>
/// <remarks>
/// Four rows at a time share the reads of v. Every row sums its lanes in the same order, wherever it falls in a tile.
/// The columns begin at a whole vector before the trailing part; v is zero there.
/// </remarks>
internal unsafe struct SymmetricVectorProductKernel : ITileKernel<double>
{
    /// <summary>Rows of a tile.</summary>
    internal const int RowsPerTile = 32;

    /// <summary>The whole matrix, [n, n].</summary>
    internal MatrixView Matrix;

    /// <summary>The first row and column of the trailing part.</summary>
    internal int First;

    /// <summary>v, n numbers, zero before <see cref="First"/>.</summary>
    internal double* Vector;

    /// <summary>y, n numbers; those from <see cref="First"/> on are written.</summary>
    internal double* Result;

    /// <inheritdoc/>
    public readonly void Tile<TLanes, TVector>(int tile)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        int start = First / TLanes.Count * TLanes.Count;
        int row = First + (tile * RowsPerTile);
        int end = Math.Min(row + RowsPerTile, Matrix.Rows);
        for (; row <= end - 4; row += 4)
        {
            FourRows<TLanes, TVector>(row, start);
        }

        for (; row < end; row++)
        {
            TVector sum = TLanes.Zero;
            double* a = Matrix.At(row, 0);
            int column = start;
            for (; column <= Matrix.Columns - TLanes.Count; column += TLanes.Count)
            {
                sum = TLanes.MultiplyAdd(TLanes.Load(a + column), TLanes.Load(Vector + column), sum);
            }

            Result[row] = Finish(TLanes.Sum(sum), a, column);
        }
    }

    private readonly void FourRows<TLanes, TVector>(int row, int start)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        TVector sum0 = TLanes.Zero, sum1 = TLanes.Zero, sum2 = TLanes.Zero, sum3 = TLanes.Zero;
        double* a0 = Matrix.At(row, 0);
        double* a1 = Matrix.At(row + 1, 0);
        double* a2 = Matrix.At(row + 2, 0);
        double* a3 = Matrix.At(row + 3, 0);
        int column = start;
        for (; column <= Matrix.Columns - TLanes.Count; column += TLanes.Count)
        {
            TVector v = TLanes.Load(Vector + column);
            sum0 = TLanes.MultiplyAdd(TLanes.Load(a0 + column), v, sum0);
            sum1 = TLanes.MultiplyAdd(TLanes.Load(a1 + column), v, sum1);
            sum2 = TLanes.MultiplyAdd(TLanes.Load(a2 + column), v, sum2);
            sum3 = TLanes.MultiplyAdd(TLanes.Load(a3 + column), v, sum3);
        }

        Result[row] = Finish(TLanes.Sum(sum0), a0, column);
        Result[row + 1] = Finish(TLanes.Sum(sum1), a1, column);
        Result[row + 2] = Finish(TLanes.Sum(sum2), a2, column);
        Result[row + 3] = Finish(TLanes.Sum(sum3), a3, column);
    }

    /// <summary>Adds the columns behind the last whole vector.</summary>
    private readonly double Finish(double sum, double* row, int column)
    {
        for (; column < Matrix.Columns; column++)
        {
            sum += row[column] * Vector[column];
        }

        return sum;
    }
}
