using MambaQuant.Quant.Kernels.Cpu.Algebra;
using MambaQuant.Quant.Kernels.Cpu.Quantized;
using MambaQuant.Quant.Kernels.Cpu.Simd;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Kernels.Cpu;

/// <content>Making codes of weights: ranges, rounding, GPTQ.</content>
public sealed unsafe partial class CpuKernels
{
    /// <inheritdoc/>
    /// <remarks><see cref="WeightRangeFit"/> has the formulas.</remarks>
    /// <exception cref="NumericalException">A weight is not finite; names row and column.</exception>
    public (Tensor Scales, Tensor? ZeroPoints) FitWeightScales(Tensor weight, CodeGrid grid, int groupSize, WeightRange range)
    {
        WeightValues values = Values(weight);
        ThrowIfNotAGrid(grid);
        ArgumentOutOfRangeException.ThrowIfNegative(groupSize);
        if (range.Estimator == RangeEstimator.Percentile && !(range.Percentile is > 0.5 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(range), range.Percentile, "a percentile in (0.5, 1] is expected");
        }

        var fit = new WeightRangeFit(_pool, _tiles, values, weight, groupSize);
        Shape shape = fit.Shape;
        using CpuTensor minima = New(DType.F64, shape);
        using CpuTensor maxima = New(DType.F64, shape);
        fit.Run(range, grid, minima.Pointer<double>(), maxima.Pointer<double>());
        CpuTensor scales = New(DType.F32, shape);
        CpuTensor? zeroPoints = grid.Symmetric ? null : New(DType.I32, shape);
        for (long i = 0; i < shape.ElementCount; i++)
        {
            (float scale, int zeroPoint) = grid.Cover(minima.Pointer<double>()[i], maxima.Pointer<double>()[i]);
            scales.Pointer<float>()[i] = scale;
            if (zeroPoints is not null)
            {
                zeroPoints.Pointer<int>()[i] = zeroPoint;
            }
        }

        return (scales, zeroPoints);
    }

    /// <inheritdoc/>
    public WeightCodes QuantizeWeight(Tensor weight, CodeGrid grid, int groupSize, Tensor scales, Tensor? zeroPoints)
    {
        WeightValues values = Values(weight);
        ThrowIfNotAGrid(grid);
        ArgumentNullException.ThrowIfNull(scales);
        ArgumentOutOfRangeException.ThrowIfNegative(groupSize);
        int inputs = weight.Shape[1];
        int size = groupSize == 0 ? inputs : Math.Min(groupSize, inputs);
        CpuTensor codes = New(DType.I8, weight.Shape);
        var kernel = new RoundWeightsKernel
        {
            Values = values,
            Groups = Groups(codes, scales, zeroPoints, size),
            Grid = grid,
            Rows = new RowTiling(weight.Shape[0], inputs),
        };
        _tiles.Run<RoundWeightsKernel, double>(kernel, kernel.Rows.Tiles, 4 * weight.Shape.ElementCount);
        return new WeightCodes(codes, scales, zeroPoints, grid, size);
    }

    /// <inheritdoc/>
    public Tensor Dequantize(WeightCodes weight)
    {
        WeightGroups groups = Groups(weight);
        CpuTensor result = New(DType.F32, weight.Codes.Shape);
        float* target = result.Pointer<float>();
        var rows = new RowTiling(groups.Outputs, groups.Inputs);
        _tiles.Run(rows.Tiles, result.Shape.ElementCount, tile =>
        {
            for (int row = rows.First(tile); row < rows.End(tile); row++)
            {
                groups.Dequantize(row, 0, groups.Inputs, target + ((long)row * groups.Inputs));
            }
        });
        return result;
    }

    /// <inheritdoc/>
    /// <exception cref="NumericalException">A diagonal entry of U within the block is not positive and finite; names it.</exception>
    public double GptqBlock(
        Tensor weight, Tensor upper, int first, int count, CodeGrid grid, Tensor scales, Tensor? zeroPoints, Tensor codes)
    {
        MatrixView w = Matrix(weight, nameof(weight));
        MatrixView u = Square(upper, nameof(upper));
        ThrowIfNotAGrid(grid);
        Expect.Shaped(upper, DType.F64, [w.Columns, w.Columns]);
        Expect.Shaped(scales, DType.F32, [w.Rows]);
        Expect.Shaped(codes, DType.I8, [w.Rows, w.Columns]);
        if (zeroPoints is not null)
        {
            Expect.Shaped(zeroPoints, DType.I32, [w.Rows]);
        }

        if (first < 0 || count < 0 || first > w.Columns - count)
        {
            throw new ArgumentOutOfRangeException(nameof(first), $"columns {first} to {(long)first + count} lie outside {weight}");
        }

        int most = Math.Min(count, GptqRowsKernel.LargestCount);
        using CpuTensor errors = New(DType.F64, new Shape(w.Rows, most));
        using CpuTensor block = New(DType.F64, new Shape(GptqRowsKernel.LargestCount, GptqRowsKernel.LargestCount));
        using CpuTensor squares = New(DType.F64, new Shape(w.Rows));
        squares.Span<double>().Clear();
        var product = new BlockedProduct(_pool, _tiles);
        for (int column = first; column < first + count; column += most)
        {
            int columns = Math.Min(most, first + count - column);
            CopyUpperBlock(u.Block(column, column, columns, columns), column, block);
            var kernel = new GptqRowsKernel
            {
                Weight = w.Block(0, column, w.Rows, columns),
                Upper = block.Pointer<double>(),
                Count = columns,
                Grid = grid,
                Scales = Own(scales).Pointer<float>(),
                ZeroPoints = PointerOrNull<int>(zeroPoints),
                Codes = Own(codes).Pointer<sbyte>() + column,
                CodeStride = w.Columns,
                Errors = errors.Pointer<double>(),
                SquaredErrors = squares.Pointer<double>(),
            };
            int tiles = (w.Rows + GptqRowsKernel.RowsPerTile - 1) / GptqRowsKernel.RowsPerTile;
            _tiles.Run<GptqRowsKernel, double>(kernel, tiles, (long)w.Rows * columns * columns);
            int behind = w.Columns - column - columns;
            product.Run(
                new MatrixView(kernel.Errors, w.Rows, columns),
                u.Block(column, column + columns, columns, behind),
                w.Block(0, column + columns, w.Rows, behind),
                ProductUpdate.Subtract);
        }

        double total = 0;
        foreach (double sum in squares.Span<double>())
        {
            total += sum;
        }

        return total;
    }

    /// <summary>A diagonal block of U in rows of fixed distance, zero below the diagonal.</summary>
    private static void CopyUpperBlock(MatrixView source, int firstColumn, CpuTensor block)
    {
        double* target = block.Pointer<double>();
        block.Span<double>().Clear();
        for (int i = 0; i < source.Rows; i++)
        {
            double pivot = *source.At(i, i);
            if (!(pivot > 0) || double.IsInfinity(pivot))
            {
                throw new NumericalException(
                    $"the diagonal entry {firstColumn + i} of U is {pivot:G6} where a positive, finite number is expected; U must be the upper factor of the inverse second moment");
            }

            new ReadOnlySpan<double>(source.At(i, i), source.Rows - i)
                .CopyTo(new Span<double>(target + ((long)i * GptqRowsKernel.LargestCount) + i, source.Rows - i));
        }
    }

    private static WeightValues Values(Tensor weight)
    {
        Expect.Floating(weight);
        CpuTensor own = Own(weight);
        bool isSingle = own.DType == DType.F32;
        return own.Shape.Rank == 2
            ? new WeightValues(isSingle ? own.Pointer<float>() : null, isSingle ? null : own.Pointer<double>(), own.Shape[1])
            : throw new ArgumentException($"expected a matrix [O, I], found {weight}", nameof(weight));
    }
}
