using MambaQuant.Quant.Kernels.Cpu.Algebra;
using MambaQuant.Quant.Kernels.Cpu.Quantized;
using MambaQuant.Quant.Kernels.Cpu.Simd;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Kernels.Cpu;

/// <content>Making codes of weights: ranges, rounding, GPTQ.</content>
public sealed unsafe partial class CpuKernels
{
    /// <inheritdoc/>
    /// <remarks>
    /// Percentile p: the values of rank ⌈p n⌉ from below and from above among the n of a row and group; a symmetric range takes the larger magnitude.
    /// Mean squared error: the range of least Σ (w − ŵ)² among those that shrink the extremes by the factors 1, 79/80, … 16/80; the widest of equals.
    /// Statistics and errors are fp64, for F32 weights too.
    /// </remarks>
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

        bool isPerTensor = groupSize == 0;
        (int outputs, int inputs) = (weight.Shape[0], weight.Shape[1]);
        int size = isPerTensor ? inputs : Math.Min(groupSize, inputs);
        int groups = WeightGroups.CountGroups(inputs, Math.Max(size, 1));
        Shape shape = isPerTensor ? new Shape(1, 1) : new Shape(outputs, groups);
        long ranges = shape.ElementCount;
        using CpuTensor minima = New(DType.F64, shape);
        using CpuTensor maxima = New(DType.F64, shape);
        if (range.Estimator == RangeEstimator.Percentile)
        {
            FindPercentiles(values, weight, size, groups, range.Percentile, minima, maxima);
        }
        else
        {
            FindExtremes(values, weight, size, groups, minima, maxima);
        }

        if (range.Estimator == RangeEstimator.MeanSquaredError)
        {
            ShrinkToLeastError(values, weight, grid, size, groups, minima, maxima);
        }

        CpuTensor scales = New(DType.F32, shape);
        CpuTensor? zeroPoints = grid.Symmetric ? null : New(DType.I32, shape);
        for (long i = 0; i < ranges; i++)
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

    private void FindExtremes(WeightValues values, Tensor weight, int size, int groups, CpuTensor minima, CpuTensor maxima)
    {
        (int outputs, int inputs) = (weight.Shape[0], weight.Shape[1]);
        using CpuTensor low = New(DType.F64, new Shape(outputs, groups));
        using CpuTensor high = New(DType.F64, new Shape(outputs, groups));
        var kernel = new WeightExtremesKernel
        {
            Values = values,
            Groups = groups,
            GroupSize = size,
            Inputs = inputs,
            Minima = low.Pointer<double>(),
            Maxima = high.Pointer<double>(),
            Rows = new RowTiling(outputs, inputs),
        };
        _tiles.Run<WeightExtremesKernel, double>(kernel, kernel.Rows.Tiles, weight.Shape.ElementCount);
        ThrowIfNotFinite(values, weight, high);
        if (minima.Shape.ElementCount == (long)outputs * groups)
        {
            Copy(low, minima);
            Copy(high, maxima);
            return;
        }

        // One range for all: rows have one group each. Without weights the range is that of zeros.
        (minima.Pointer<double>()[0], maxima.Pointer<double>()[0]) = (0, 0);
        for (int row = 0; row < outputs; row++)
        {
            minima.Pointer<double>()[0] = row == 0 ? low.Pointer<double>()[0] : Math.Min(minima.Pointer<double>()[0], low.Pointer<double>()[row]);
            maxima.Pointer<double>()[0] = row == 0 ? high.Pointer<double>()[0] : Math.Max(maxima.Pointer<double>()[0], high.Pointer<double>()[row]);
        }
    }

    /// <summary>Quantiles by sorting: of every row and group, or of all weights.</summary>
    private void FindPercentiles(WeightValues values, Tensor weight, int size, int groups, double percentile, CpuTensor minima, CpuTensor maxima)
    {
        (int outputs, int inputs) = (weight.Shape[0], weight.Shape[1]);
        FindExtremes(values, weight, size, groups, minima, maxima);
        double* low = minima.Pointer<double>();
        double* high = maxima.Pointer<double>();
        bool isPerTensor = minima.Shape.ElementCount != (long)outputs * groups;
        int rowsAtOnce = isPerTensor ? outputs : 1;
        int tiles = isPerTensor ? 1 : outputs;
        _tiles.Run(tiles, 8 * weight.Shape.ElementCount, tile =>
        {
            for (int group = 0; group < groups; group++)
            {
                int first = group * size;
                int count = Math.Min(size, inputs - first);
                double[] sorted = new double[checked(rowsAtOnce * count)];
                fixed (double* target = sorted)
                {
                    for (int row = 0; row < rowsAtOnce; row++)
                    {
                        values.Read((tile * rowsAtOnce) + row, first, count, target + ((long)row * count));
                    }
                }

                if (sorted.Length == 0)
                {
                    continue;
                }

                Array.Sort(sorted);
                int rank = Math.Clamp((int)Math.Ceiling(percentile * sorted.Length), 1, sorted.Length);
                low[((long)tile * groups) + group] = sorted[^rank];
                high[((long)tile * groups) + group] = sorted[rank - 1];
            }
        });
    }

    /// <summary>Replaces every range by its best shrunk one.</summary>
    private void ShrinkToLeastError(WeightValues values, Tensor weight, CodeGrid grid, int size, int groups, CpuTensor minima, CpuTensor maxima)
    {
        const int Candidates = ClippingErrorKernel.Candidates;
        (int outputs, int inputs) = (weight.Shape[0], weight.Shape[1]);
        long ranges = minima.Shape.ElementCount;
        bool isPerTensor = ranges != (long)outputs * groups;
        using CpuTensor errors = New(DType.F64, new Shape(outputs, groups, Candidates));
        var kernel = new ClippingErrorKernel
        {
            Values = values,
            Groups = groups,
            GroupSize = size,
            Inputs = inputs,
            Minima = minima.Pointer<double>(),
            Maxima = maxima.Pointer<double>(),
            IsPerTensor = isPerTensor,
            Grid = grid,
            Errors = errors.Pointer<double>(),
            Rows = new RowTiling(outputs, checked(inputs * Candidates)),
        };
        _tiles.Run<ClippingErrorKernel, double>(kernel, kernel.Rows.Tiles, checked(weight.Shape.ElementCount * Candidates));
        if (isPerTensor)
        {
            for (int row = 1; row < outputs; row++)
            {
                for (int candidate = 0; candidate < Candidates; candidate++)
                {
                    kernel.Errors[candidate] += kernel.Errors[((long)row * Candidates) + candidate];
                }
            }
        }

        for (long range = 0; range < (outputs == 0 ? 0 : ranges); range++)
        {
            var candidates = new ReadOnlySpan<double>(kernel.Errors + (range * Candidates), Candidates);
            int best = 0;
            for (int candidate = 1; candidate < Candidates; candidate++)
            {
                best = candidates[candidate] < candidates[best] ? candidate : best;
            }

            kernel.Minima[range] *= ClippingErrorKernel.Factor(best);
            kernel.Maxima[range] *= ClippingErrorKernel.Factor(best);
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

    /// <summary>Looks for the weight that made an extreme NaN or infinite.</summary>
    private static void ThrowIfNotFinite(WeightValues values, Tensor weight, CpuTensor maxima)
    {
        int groups = maxima.Shape[1];
        double* value = stackalloc double[1];
        for (long i = 0; i < maxima.Shape.ElementCount; i++)
        {
            if (double.IsFinite(maxima.Pointer<double>()[i]))
            {
                continue;
            }

            int row = (int)(i / groups);
            for (int column = 0; column < weight.Shape[1]; column++)
            {
                values.Read(row, column, 1, value);
                if (!double.IsFinite(*value))
                {
                    throw new NumericalException($"the weight {weight} holds {*value} at row {row}, column {column}; what is not finite has no code");
                }
            }
        }
    }
}
