using MambaQuant.Quant.Kernels.Cpu.Algebra;
using MambaQuant.Quant.Kernels.Cpu.Simd;
using MambaQuant.Quant.Tensors;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace MambaQuant.Quant.Kernels.Cpu;

/// <content>Products, factorizations and eigenproblems in fp64.</content>
public sealed unsafe partial class CpuKernels
{
    /// <inheritdoc/>
    public Tensor Multiply(Tensor a, Tensor b, bool transposeA, bool transposeB)
    {
        MatrixView left = Matrix(a, nameof(a));
        MatrixView right = Matrix(b, nameof(b));
        left = transposeA ? left.Transposed : left;
        right = transposeB ? right.Transposed : right;
        if (left.Columns != right.Rows)
        {
            throw new ArgumentException(
                $"the inner extents differ: {a}{(transposeA ? " transposed" : "")} times {b}{(transposeB ? " transposed" : "")}", nameof(b));
        }

        CpuTensor result = New(DType.F64, new Shape(left.Rows, right.Columns));
        new BlockedProduct(_pool, _tiles).Run(left, right, new MatrixView(result.Pointer<double>(), left.Rows, right.Columns), ProductUpdate.Overwrite);
        return result;
    }

    /// <inheritdoc/>
    public Tensor Transpose(Tensor matrix)
    {
        MatrixView source = Matrix(matrix, nameof(matrix));
        CpuTensor result = New(DType.F64, new Shape(source.Columns, source.Rows));
        CopyTransposed(source, new MatrixView(result.Pointer<double>(), source.Columns, source.Rows), null, null);
        return result;
    }

    /// <inheritdoc/>
    public void MirrorLowerTriangle(Tensor matrix)
    {
        MatrixView square = Square(matrix, nameof(matrix));
        MirrorLower(square);
    }

    /// <inheritdoc/>
    public (Tensor Values, Tensor Vectors) SymmetricEigen(Tensor matrix)
    {
        MatrixView source = Square(matrix, nameof(matrix));
        int n = source.Rows;
        ThrowIfLowerTriangleIsNotFinite(source);
        CpuTensor values = New(DType.F64, new Shape(n));
        CpuTensor vectors = New(DType.F64, new Shape(n, n));
        using CpuTensor rows = New(DType.F64, matrix.Shape);
        try
        {
            // The result's own memory holds the matrix until the eigenvectors, found one a row, are written as columns.
            var square = new MatrixView(vectors.Pointer<double>(), n, n);
            Copy(matrix, vectors);
            MirrorLower(square);
            var found = new MatrixView(rows.Pointer<double>(), n, n);
            if (_lapack is null)
            {
                new SymmetricEigenSolver(_pool, _tiles).Run(square, values.Span<double>(), found);
            }
            else if (n > 0)
            {
                Copy(matrix, rows);
                _lapack.SymmetricEigen(found.Data, n, values.Pointer<double>());
            }

            SortEigenpairs(values.Span<double>(), found, square);
            return (values, vectors);
        }
        catch (NumericalException)
        {
            values.Dispose();
            vectors.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public Tensor InverseCholeskyUpper(Tensor matrix)
    {
        MatrixView source = Square(matrix, nameof(matrix));
        CpuTensor upper = New(DType.F64, matrix.Shape);
        try
        {
            new InverseCholesky(_pool, _tiles).Run(source, new MatrixView(upper.Pointer<double>(), source.Rows, source.Rows));
            return upper;
        }
        catch (NumericalException)
        {
            upper.Dispose();
            throw;
        }
    }

    /// <summary>Orders eigenvalues ascending and writes their vectors as columns, the first entry of largest magnitude positive.</summary>
    private void SortEigenpairs(Span<double> values, MatrixView rows, MatrixView columns)
    {
        int n = values.Length;
        double[] keys = values.ToArray();
        int[] order = [.. Enumerable.Range(0, n).OrderBy(i => keys[i])];
        double[] signs = new double[n];
        _tiles.Run(n, (long)n * n, i =>
        {
            var vector = new ReadOnlySpan<double>(rows.At(order[i], 0), n);
            int largest = 0;
            for (int j = 1; j < n; j++)
            {
                largest = Math.Abs(vector[j]) > Math.Abs(vector[largest]) ? j : largest;
            }

            signs[i] = vector[largest] < 0 ? -1 : 1;
        });
        for (int i = 0; i < n; i++)
        {
            values[i] = keys[order[i]];
        }

        fixed (int* permutation = order)
        fixed (double* factors = signs)
        {
            CopyTransposed(rows, columns, permutation, factors);
        }
    }

    private void CopyTransposed(MatrixView source, MatrixView destination, int* order, double* factors)
    {
        var kernel = new TransposeKernel { Source = source, Destination = destination, Order = order, Factors = factors };
        int tiles = (destination.Rows + TransposeKernel.Side - 1) / TransposeKernel.Side;
        _tiles.Run<TransposeKernel, double>(kernel, tiles, (long)destination.Rows * destination.Columns);
    }

    /// <summary>Copies the lower triangle over the upper one, rows of a block of the upper triangle at a time.</summary>
    private void MirrorLower(MatrixView square)
    {
        int n = square.Rows;
        int strips = (n + TransposeKernel.Side - 1) / TransposeKernel.Side;
        _tiles.Run(strips, (long)n * n / 2, strip =>
        {
            int firstRow = strip * TransposeKernel.Side;
            int endRow = Math.Min(firstRow + TransposeKernel.Side, n);
            for (int column = firstRow + 1; column < n; column++)
            {
                double* from = square.At(column, 0);
                for (int row = firstRow; row < Math.Min(endRow, column); row++)
                {
                    *square.At(row, column) = from[row];
                }
            }
        });
    }

    private static void ThrowIfLowerTriangleIsNotFinite(MatrixView square)
    {
        for (int row = 0; row < square.Rows; row++)
        {
            var values = new ReadOnlySpan<double>(square.At(row, 0), row + 1);
            if (!TensorPrimitives.IsFiniteAll(values))
            {
                int column = 0;
                while (double.IsFinite(values[column]))
                {
                    column++;
                }

                throw new NumericalException(
                    $"the symmetric matrix of order {square.Rows} holds {values[column]} at row {row}, column {column}; eigenvalues need finite numbers");
            }
        }
    }

    /// <summary>The F64 matrix behind a tensor.</summary>
    private static MatrixView Matrix(Tensor tensor, string name)
    {
        CpuTensor own = Own(tensor);
        return own.Shape.Rank == 2 && own.DType == DType.F64
            ? new MatrixView(own.Pointer<double>(), own.Shape[0], own.Shape[1])
            : throw new ArgumentException($"a matrix of F64 is expected, found {tensor}", name);
    }

    /// <summary>The square F64 matrix behind a tensor.</summary>
    private static MatrixView Square(Tensor tensor, string name)
    {
        MatrixView matrix = Matrix(tensor, name);
        return matrix.Rows == matrix.Columns ? matrix : throw new ArgumentException($"a square matrix is expected, found {tensor}", name);
    }
}
