using System.Numerics;
using MambaQuant.Quant.Kernels.Cpu.Algebra;
using MambaQuant.Quant.Kernels.Cpu.Simd;
using MambaQuant.Quant.Tensors;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace MambaQuant.Quant.Kernels.Cpu;

/// <content>Conversions, scaling and reductions in fp64.</content>
public sealed unsafe partial class CpuKernels
{
    /// <summary>Elements of an element-wise tile: a few microseconds of work.</summary>
    private const int ElementsPerTile = 1 << 15;

    /// <summary>Columns of a tile of a reduction over rows.</summary>
    private const int ReducedColumnsPerTile = 256;

    /// <inheritdoc/>
    public Tensor ToDouble(Tensor x) => Convert<float, double>(x);

    /// <inheritdoc/>
    public Tensor ToSingle(Tensor x) => Convert<double, float>(x);

    /// <inheritdoc/>
    public void ScaleRows(Tensor matrix, Tensor factors)
    {
        MatrixView rows = matrix.Shape.Rank == 1 ? Matrix(Reshape(matrix, new Shape(matrix.Shape[0], 1)), nameof(matrix)) : Matrix(matrix, nameof(matrix));
        double* scale = Vector(factors, rows.Rows, nameof(factors));
        _tiles.Run(rows.Rows, (long)rows.Rows * rows.Columns, i =>
        {
            var row = new Span<double>(rows.At(i, 0), rows.Columns);
            TensorPrimitives.Multiply(row, scale[i], row);
        });
    }

    /// <inheritdoc/>
    public void ScaleColumns(Tensor matrix, Tensor factors)
    {
        MatrixView rows = Matrix(matrix, nameof(matrix));
        double* scale = Vector(factors, rows.Columns, nameof(factors));
        _tiles.Run(rows.Rows, (long)rows.Rows * rows.Columns, i =>
        {
            var row = new Span<double>(rows.At(i, 0), rows.Columns);
            TensorPrimitives.Multiply(row, new ReadOnlySpan<double>(scale, rows.Columns), row);
        });
    }

    /// <inheritdoc/>
    public Tensor ColumnAbsoluteMaximum(Tensor matrix)
    {
        CpuTensor own = Own(matrix);
        if (own.Shape.Rank != 2 || own.DType is not (DType.F32 or DType.F64))
        {
            throw new ArgumentException($"a matrix of F32 or F64 is expected, found {matrix}", nameof(matrix));
        }

        CpuTensor result = New(own.DType, new Shape(own.Shape[1]));
        if (own.DType == DType.F32)
        {
            ColumnAbsoluteMaximum(own.Pointer<float>(), own.Shape, result.Pointer<float>());
        }
        else
        {
            ColumnAbsoluteMaximum(own.Pointer<double>(), own.Shape, result.Pointer<double>());
        }

        return result;
    }

    /// <inheritdoc/>
    public double SquaredDistance(Tensor a, Tensor b)
    {
        CpuTensor left = Own(a);
        CpuTensor right = Own(b);
        return left.DType == right.DType && left.Shape.ElementCount == right.Shape.ElementCount
            ? SquaredDifference(left, right)
            : throw new ArgumentException($"{a} and {b} have no distance: dtype and number of elements must agree", nameof(b));
    }

    /// <inheritdoc/>
    public double SquaredNorm(Tensor a) => SquaredDifference(Own(a), null);

    private double SquaredDifference(CpuTensor a, CpuTensor? b)
    {
        if (a.DType is not (DType.F32 or DType.F64))
        {
            throw new ArgumentException($"F32 or F64 is expected, found {a}", nameof(a));
        }

        bool single = a.DType == DType.F32;
        long count = a.Shape.ElementCount;
        int tiles = checked((int)((count + SquaredDifferenceKernel.ElementsPerTile - 1) / SquaredDifferenceKernel.ElementsPerTile));
        double[] sums = new double[tiles];
        fixed (double* partial = sums)
        {
            var kernel = new SquaredDifferenceKernel
            {
                SingleA = single ? a.Pointer<float>() : null,
                SingleB = single && b is not null ? b.Pointer<float>() : null,
                DoubleA = single ? null : a.Pointer<double>(),
                DoubleB = single || b is null ? null : b.Pointer<double>(),
                Count = count,
                Sums = partial,
            };
            _tiles.Run<SquaredDifferenceKernel, double>(kernel, tiles, count);
        }

        double total = 0;
        foreach (double sum in sums)
        {
            total += sum;
        }

        return total;
    }

    private void ColumnAbsoluteMaximum<T>(T* values, Shape shape, T* result)
        where T : unmanaged, INumber<T>
    {
        int rows = shape[0];
        int columns = shape[1];
        int tiles = (columns + ReducedColumnsPerTile - 1) / ReducedColumnsPerTile;
        _tiles.Run(tiles, (long)rows * columns, tile =>
        {
            int first = tile * ReducedColumnsPerTile;
            int count = Math.Min(ReducedColumnsPerTile, columns - first);
            var largest = new Span<T>(result + first, count);
            largest.Clear();
            for (int row = 0; row < rows; row++)
            {
                TensorPrimitives.MaxMagnitude<T>(largest, new ReadOnlySpan<T>(values + ((long)row * columns) + first, count), largest);
            }

            TensorPrimitives.Abs<T>(largest, largest);
        });
    }

    private Tensor Convert<TFrom, TTo>(Tensor x)
        where TFrom : unmanaged, INumberBase<TFrom>
        where TTo : unmanaged, INumberBase<TTo>
    {
        TFrom* source = Own(x).Pointer<TFrom>();
        CpuTensor result = New(CpuTensor.DTypeOf<TTo>(), x.Shape);
        TTo* destination = result.Pointer<TTo>();
        long count = x.Shape.ElementCount;
        int tiles = checked((int)((count + ElementsPerTile - 1) / ElementsPerTile));
        _tiles.Run(tiles, count, tile =>
        {
            long first = (long)tile * ElementsPerTile;
            int length = (int)Math.Min(ElementsPerTile, count - first);
            TensorPrimitives.ConvertTruncating(new ReadOnlySpan<TFrom>(source + first, length), new Span<TTo>(destination + first, length));
        });
        return result;
    }

    /// <summary>The F64 vector behind a tensor of an expected length.</summary>
    private static double* Vector(Tensor tensor, int length, string name)
    {
        CpuTensor own = Own(tensor);
        return own.DType == DType.F64 && own.Shape.ElementCount == length
            ? own.Pointer<double>()
            : throw new ArgumentException($"{length} values of F64 are expected, found {tensor}", name);
    }
}
