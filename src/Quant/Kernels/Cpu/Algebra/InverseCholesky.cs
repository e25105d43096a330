using System.Runtime.InteropServices;
using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Algebra;

/// <summary>The upper triangular U with M⁻¹ = Uᵀ U of a symmetric positive definite M, without ever forming the inverse.</summary>
/// <remarks>
/// With J the exchange matrix (rows in reverse order), J M J = L Lᵀ gives M = (J L J)(J L J)ᵀ, a product of an upper triangular
/// matrix and its transpose; so M⁻¹ = (J L J)⁻ᵀ (J L J)⁻¹, and U = (J L J)⁻¹ = J L⁻¹ J. One Cholesky factorization of the
/// reversed matrix and one triangular inverse: backward stable, n³/3 multiply-adds in all.
/// In row-major order, J X J is X read backwards from its last number.
/// </remarks>
internal sealed unsafe class InverseCholesky
{
    /// <summary>Columns of the triangular inverse that are multiplied together; what lies above the diagonal is skipped in such steps.</summary>
    private const int InverseChunk = 512;

    private const int Block = CholeskyPanelKernel.BlockColumns;

    private readonly CpuMemoryPool _pool;
    private readonly TileLoop _tiles;
    private readonly BlockedProduct _product;

    /// <summary>Prepares for any number of matrices.</summary>
    internal InverseCholesky(CpuMemoryPool pool, TileLoop tiles)
    {
        _pool = pool;
        _tiles = tiles;
        _product = new BlockedProduct(pool, tiles);
    }

    /// <summary>Computes U.</summary>
    /// <param name="matrix">M, [n, n]; the lower triangle is read.</param>
    /// <param name="upper">U, [n, n], dense; overwritten.</param>
    /// <exception cref="NumericalException">M is not positive definite.</exception>
    internal void Run(MatrixView matrix, MatrixView upper)
    {
        int n = matrix.Rows;
        long blockBytes = sizeof(double) * Block * (long)Block;
        long rowBytes = Math.Max(1, sizeof(double) * (long)Block * n);
        double* transposed = (double*)_pool.Rent(blockBytes);
        double* rows = (double*)_pool.Rent(rowBytes);
        try
        {
            CopyReversedLower(matrix, upper);
            Factor(upper, transposed);
            ClearAboveDiagonal(upper);
            InvertLower(upper, transposed, rows);
            new Span<double>(upper.Data, checked(n * n)).Reverse();
        }
        finally
        {
            _pool.Return((byte*)transposed, blockBytes);
            _pool.Return((byte*)rows, rowBytes);
        }
    }

    /// <summary>Right-looking Cholesky in place: a block of columns, then everything behind it.</summary>
    private void Factor(MatrixView a, double* transposed)
    {
        int n = a.Rows;
        for (int first = 0; first < n; first += Block)
        {
            int count = Math.Min(Block, n - first);
            int below = n - first - count;
            NativeMemory.Clear(transposed, sizeof(double) * Block * (nuint)Block);
            int failedPivot;
            double failedValue;
            var kernel = new CholeskyPanelKernel
            {
                Rows = a.Block(first, first, count, count),
                Transposed = transposed,
                IsDiagonalBlock = true,
                FailedPivot = &failedPivot,
                FailedValue = &failedValue,
            };
            _tiles.Run<CholeskyPanelKernel, double>(kernel, 1, 0);
            if (failedPivot >= 0)
            {
                throw NotPositiveDefinite(n - 1 - first - failedPivot, n, failedValue);
            }

            kernel.IsDiagonalBlock = false;
            kernel.Rows = a.Block(first + count, first, below, count);
            int tiles = (below + CholeskyPanelKernel.RowsPerTile - 1) / CholeskyPanelKernel.RowsPerTile;
            _tiles.Run<CholeskyPanelKernel, double>(kernel, tiles, (long)below * count * count / 2);
            MatrixView trailing = a.Block(first + count, first + count, below, below);
            _product.Run(kernel.Rows, kernel.Rows.Transposed, trailing, ProductUpdate.Subtract, lowerOnly: true);
        }
    }

    /// <summary>L ← L⁻¹ in place, block row after block row: X[i, &lt;i] = −L[i, i]⁻¹ · (L[i, &lt;i] · X[&lt;i, &lt;i]).</summary>
    private void InvertLower(MatrixView lower, double* inverse, double* rows)
    {
        int n = lower.Rows;
        for (int first = 0; first < n; first += Block)
        {
            int count = Math.Min(Block, n - first);
            var product = new MatrixView(rows, count, first);
            for (int chunk = 0; chunk < first; chunk += InverseChunk)
            {
                int columns = Math.Min(InverseChunk, first - chunk);
                _product.Run(
                    lower.Block(first, chunk, count, first - chunk),
                    lower.Block(chunk, chunk, first - chunk, columns),
                    product.Block(0, chunk, count, columns),
                    ProductUpdate.Overwrite);
            }

            MatrixView diagonal = lower.Block(first, first, count, count);
            InvertDiagonalBlock(diagonal);
            var negated = new MatrixView(inverse, count, count);
            for (int i = 0; i < count; i++)
            {
                for (int j = 0; j < count; j++)
                {
                    *negated.At(i, j) = -*diagonal.At(i, j);
                }
            }

            _product.Run(negated, product, lower.Block(first, 0, count, first), ProductUpdate.Overwrite);
        }
    }

    /// <summary>The inverse of a small lower triangle in place: row i of X is −(Σ_k L[i, k] · row k of X) / L[i, i].</summary>
    private static void InvertDiagonalBlock(MatrixView lower)
    {
        Span<double> sums = stackalloc double[Block];
        for (int i = 0; i < lower.Rows; i++)
        {
            sums.Clear();
            for (int k = 0; k < i; k++)
            {
                double factor = *lower.At(i, k);
                for (int j = 0; j <= k; j++)
                {
                    sums[j] += factor * *lower.At(k, j);
                }
            }

            double pivot = *lower.At(i, i);
            for (int j = 0; j < i; j++)
            {
                *lower.At(i, j) = -sums[j] / pivot;
            }

            *lower.At(i, i) = 1 / pivot;
        }
    }

    /// <summary>The lower triangle of J M J, from the lower triangle of M.</summary>
    private void CopyReversedLower(MatrixView matrix, MatrixView destination)
    {
        int n = matrix.Rows;
        _tiles.Run(n, (long)n * n, i =>
        {
            for (int j = 0; j <= i; j++)
            {
                *destination.At(i, j) = *matrix.At(n - 1 - j, n - 1 - i);
            }
        });
    }

    private void ClearAboveDiagonal(MatrixView matrix) =>
        _tiles.Run(matrix.Rows, (long)matrix.Rows * matrix.Rows, i => new Span<double>(matrix.At(i, i), matrix.Columns - i)[1..].Clear());

    private static NumericalException NotPositiveDefinite(int pivot, int order, double value) =>
        new(double.IsFinite(value)
            ? $"the matrix of order {order} is not positive definite: pivot {pivot} is {value:G6} where a positive number is expected; raise the damping added to its diagonal"
            : $"the matrix of order {order} holds a value that is not finite: it reached pivot {pivot} ({value}); look for NaN or infinity in what was accumulated");
}
