using MambaQuant.Quant.Kernels.Cpu.Simd;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Kernels.Cpu.Quantized;

/// <summary>Chooses the range that the codes of every row and group of a weight cover, or one range for all.</summary>
/// <remarks>
/// Percentile p: the values of rank ⌈p n⌉ from below and from above among n; a symmetric range takes the larger magnitude.
/// Mean squared error: the range of least Σ (w − ŵ)² among those that shrink the extremes by the factors 1, 79/80, … 16/80; the widest of
/// equals. All in fp64, errors summed row after row, so that no result depends on threads.
/// </remarks>
internal sealed unsafe class WeightRangeFit
{
    private readonly CpuMemoryPool _pool;
    private readonly TileLoop _tiles;
    private readonly WeightValues _values;
    private readonly Tensor _weight;
    private readonly int _outputs;
    private readonly int _inputs;
    private readonly int _groupSize;
    private readonly int _groups;
    private readonly bool _isPerTensor;

    /// <summary>Prepares a weight.</summary>
    /// <param name="pool">Lends buffers.</param>
    /// <param name="tiles">Runs tiles.</param>
    /// <param name="values">The memory of the weight.</param>
    /// <param name="weight">[O, I], for its shape and for messages.</param>
    /// <param name="groupSize">Inputs that share a range; 0 for one range over all weights.</param>
    internal WeightRangeFit(CpuMemoryPool pool, TileLoop tiles, WeightValues values, Tensor weight, int groupSize)
    {
        _pool = pool;
        _tiles = tiles;
        _values = values;
        _weight = weight;
        (_outputs, _inputs) = (weight.Shape[0], weight.Shape[1]);
        _isPerTensor = groupSize == 0;
        _groupSize = _isPerTensor ? _inputs : Math.Min(groupSize, _inputs);
        _groups = WeightGroups.CountGroups(_inputs, Math.Max(_groupSize, 1));
    }

    /// <summary>The shape of the ranges: [O, G], or [1, 1].</summary>
    internal Shape Shape => _isPerTensor ? new Shape(1, 1) : new Shape(_outputs, _groups);

    /// <summary>Fits every range.</summary>
    /// <param name="range">How.</param>
    /// <param name="grid">The integers to use; read by the squared error.</param>
    /// <param name="minima">The lower ends; overwritten.</param>
    /// <param name="maxima">The upper ends; overwritten.</param>
    /// <exception cref="NumericalException">A weight is not finite.</exception>
    internal void Run(WeightRange range, CodeGrid grid, double* minima, double* maxima)
    {
        FindExtremes(minima, maxima);
        if (range.Estimator == RangeEstimator.Percentile)
        {
            FindPercentiles(range.Percentile, minima, maxima);
        }
        else if (range.Estimator == RangeEstimator.MeanSquaredError)
        {
            ShrinkToLeastError(grid, minima, maxima);
        }
    }

    private void FindExtremes(double* minima, double* maxima)
    {
        using var low = new CpuTensor(_pool, DType.F64, new Shape(_outputs, _groups));
        using var high = new CpuTensor(_pool, DType.F64, new Shape(_outputs, _groups));
        var kernel = new WeightExtremesKernel
        {
            Values = _values,
            Groups = _groups,
            GroupSize = _groupSize,
            Inputs = _inputs,
            Minima = low.Pointer<double>(),
            Maxima = high.Pointer<double>(),
            Rows = new RowTiling(_outputs, _inputs),
        };
        _tiles.Run<WeightExtremesKernel, double>(kernel, kernel.Rows.Tiles, _weight.Shape.ElementCount);
        ThrowIfNotFinite(high.Span<double>());
        if (!_isPerTensor)
        {
            low.Span<double>().CopyTo(new Span<double>(minima, _outputs * _groups));
            high.Span<double>().CopyTo(new Span<double>(maxima, _outputs * _groups));
            return;
        }

        // One range for all, made of the rows' ranges; without weights it is that of zeros.
        (*minima, *maxima) = (0, 0);
        for (int row = 0; row < _outputs; row++)
        {
            *minima = row == 0 ? kernel.Minima[0] : Math.Min(*minima, kernel.Minima[row]);
            *maxima = row == 0 ? kernel.Maxima[0] : Math.Max(*maxima, kernel.Maxima[row]);
        }
    }

    /// <summary>Quantiles by sorting: of every row and group, or of all weights.</summary>
    private void FindPercentiles(double percentile, double* minima, double* maxima)
    {
        int rowsAtOnce = _isPerTensor ? _outputs : 1;
        _tiles.Run(_isPerTensor ? 1 : _outputs, 8 * _weight.Shape.ElementCount, tile =>
        {
            for (int group = 0; group < _groups; group++)
            {
                int first = group * _groupSize;
                int count = Math.Min(_groupSize, _inputs - first);
                double[] sorted = new double[checked(rowsAtOnce * count)];
                fixed (double* target = sorted)
                {
                    for (int row = 0; row < rowsAtOnce; row++)
                    {
                        _values.Read((tile * rowsAtOnce) + row, first, count, target + ((long)row * count));
                    }
                }

                if (sorted.Length > 0)
                {
                    Array.Sort(sorted);
                    int rank = Math.Clamp((int)Math.Ceiling(percentile * sorted.Length), 1, sorted.Length);
                    minima[((long)tile * _groups) + group] = sorted[^rank];
                    maxima[((long)tile * _groups) + group] = sorted[rank - 1];
                }
            }
        });
    }

    /// <summary>Replaces every range by its best shrunk one.</summary>
    private void ShrinkToLeastError(CodeGrid grid, double* minima, double* maxima)
    {
        const int Candidates = ClippingErrorKernel.Candidates;
        using var errors = new CpuTensor(_pool, DType.F64, new Shape(_outputs, _groups, Candidates));
        var kernel = new ClippingErrorKernel
        {
            Values = _values,
            Groups = _groups,
            GroupSize = _groupSize,
            Inputs = _inputs,
            Minima = minima,
            Maxima = maxima,
            IsPerTensor = _isPerTensor,
            Grid = grid,
            Errors = errors.Pointer<double>(),
            Rows = new RowTiling(_outputs, checked(_inputs * Candidates)),
        };
        _tiles.Run<ClippingErrorKernel, double>(kernel, kernel.Rows.Tiles, checked(_weight.Shape.ElementCount * Candidates));
        for (int row = 1; _isPerTensor && row < _outputs; row++)
        {
            for (int candidate = 0; candidate < Candidates; candidate++)
            {
                kernel.Errors[candidate] += kernel.Errors[((long)row * Candidates) + candidate];
            }
        }

        long ranges = _outputs == 0 ? 0 : Shape.ElementCount;
        for (long range = 0; range < ranges; range++)
        {
            double factor = ClippingErrorKernel.Factor(FirstLeast(new ReadOnlySpan<double>(kernel.Errors + (range * Candidates), Candidates)));
            minima[range] *= factor;
            maxima[range] *= factor;
        }
    }

    private static int FirstLeast(ReadOnlySpan<double> errors)
    {
        int best = 0;
        for (int i = 1; i < errors.Length; i++)
        {
            best = errors[i] < errors[best] ? i : best;
        }

        return best;
    }

    /// <summary>Looks for the weight that made an extreme NaN.</summary>
    private void ThrowIfNotFinite(ReadOnlySpan<double> maxima)
    {
        double* value = stackalloc double[1];
        for (int i = 0; i < maxima.Length; i++)
        {
            for (int column = 0; double.IsNaN(maxima[i]) && column < _inputs; column++)
            {
                _values.Read(i / _groups, column, 1, value);
                if (!double.IsFinite(*value))
                {
                    throw new NumericalException(
                        $"the weight {_weight} holds {*value} at row {i / _groups}, column {column}; what is not finite has no code");
                }
            }
        }
    }
}
