using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Algebra;

/// <summary>Eigenvalues and eigenvectors of a dense symmetric matrix: Householder reduction, implicit QL, sorting.</summary>
/// <remarks>
/// The matrix is first scaled by a power of two to a largest magnitude of about 1, which is exact. Eigenvectors are held one a row until
/// the end. Cost: about 4/3 n³ multiply-adds of reduction, as many for the basis, 3 n³ for the rotations.
/// The same bytes for any number of threads: every tile is fixed by the order of the matrix.
/// </remarks>
internal sealed unsafe class SymmetricEigenSolver
{
    /// <summary>Rotations applied together: their angles then take 2 MiB.</summary>
    private const int RotationsPerBatch = 1 << 17;

    private readonly CpuMemoryPool _pool;
    private readonly TileLoop _tiles;

    /// <summary>Prepares for any number of matrices.</summary>
    internal SymmetricEigenSolver(CpuMemoryPool pool, TileLoop tiles)
    {
        _pool = pool;
        _tiles = tiles;
    }

    /// <summary>Solves one problem.</summary>
    /// <param name="matrix">[n, n], dense, both triangles filled, finite; overwritten.</param>
    /// <param name="values">n numbers; overwritten with the eigenvalues, in no order.</param>
    /// <param name="vectors">[n, n]; row k is overwritten with the eigenvector of value k.</param>
    /// <exception cref="NumericalException">The iteration does not converge.</exception>
    internal void Run(MatrixView matrix, Span<double> values, MatrixView vectors)
    {
        int exponent = ScaleToOne(matrix);
        using var reduction = new HouseholderTridiagonalization(_pool, _tiles, matrix);
        reduction.Reduce();
        reduction.FormTransposedBasis(vectors);
        Diagonalise(reduction.Diagonal, reduction.OffDiagonal, vectors);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Math.ScaleB(reduction.Diagonal[i], exponent);
        }
    }

    /// <summary>Runs the tridiagonal iteration, the rows of the basis turned along with it.</summary>
    private void Diagonalise(double[] diagonal, double[] offDiagonal, MatrixView vectors)
    {
        const int Width = RotationKernel.ColumnsPerTile;
        int n = vectors.Rows;
        int tiles = (n + Width - 1) / Width;
        long bytes = Math.Max(1, sizeof(double) * (long)tiles * Width * n);
        double* tiled = (double*)_pool.Rent(bytes);
        try
        {
            _tiles.Run(tiles, (long)n * n, tile =>
            {
                for (int row = 0; row < n; row++)
                {
                    Span<double> target = TiledRow(tiled, n, tile, row);
                    target.Clear();
                    RowPart(vectors, tile, row).CopyTo(target);
                }
            });
            var sweeps = new RotationSweeps(Math.Max(RotationsPerBatch, n));
            new TridiagonalIteration(diagonal, offDiagonal, sweeps, recorded => Apply(recorded, tiled, n)).Run();
            _tiles.Run(tiles, (long)n * n, tile =>
            {
                for (int row = 0; row < n; row++)
                {
                    Span<double> target = RowPart(vectors, tile, row);
                    TiledRow(tiled, n, tile, row)[..target.Length].CopyTo(target);
                }
            });
        }
        finally
        {
            _pool.Return((byte*)tiled, bytes);
        }
    }

    private void Apply(RotationSweeps recorded, double* tiled, int order)
    {
        fixed (RotationSweeps.Sweep* sweeps = recorded.Recorded)
        fixed (double* cosines = recorded.Cosines)
        fixed (double* sines = recorded.Sines)
        {
            var kernel = new RotationKernel
            {
                Matrix = tiled,
                Rows = order,
                Sweeps = sweeps,
                SweepCount = recorded.Recorded.Length,
                Cosines = cosines,
                Sines = sines,
            };
            int tiles = (order + RotationKernel.ColumnsPerTile - 1) / RotationKernel.ColumnsPerTile;
            _tiles.Run<RotationKernel, double>(kernel, tiles, 4L * recorded.Cosines.Length * order);
        }
    }

    private static Span<double> TiledRow(double* tiled, int order, int tile, int row) =>
        new(tiled + ((((long)tile * order) + row) * RotationKernel.ColumnsPerTile), RotationKernel.ColumnsPerTile);

    private static Span<double> RowPart(MatrixView matrix, int tile, int row)
    {
        int first = tile * RotationKernel.ColumnsPerTile;
        return new Span<double>(matrix.At(row, first), Math.Min(RotationKernel.ColumnsPerTile, matrix.Columns - first));
    }

    /// <summary>Divides by the power of two next to the largest magnitude and returns its exponent.</summary>
    private int ScaleToOne(MatrixView matrix)
    {
        double largest = 0;
        for (int row = 0; row < matrix.Rows; row++)
        {
            foreach (double value in new ReadOnlySpan<double>(matrix.At(row, 0), row + 1))
            {
                largest = Math.Max(largest, Math.Abs(value));
            }
        }

        if (largest == 0)
        {
            return 0;
        }

        int exponent = Math.ILogB(largest);
        _tiles.Run(matrix.Rows, (long)matrix.Rows * matrix.Columns, row =>
        {
            foreach (ref double value in new Span<double>(matrix.At(row, 0), matrix.Columns))
            {
                value = Math.ScaleB(value, -exponent);
            }
        });
        return exponent;
    }
}
