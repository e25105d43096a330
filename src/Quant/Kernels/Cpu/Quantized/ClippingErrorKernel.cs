using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Quantized;

/// <summary>Σ (w − ŵ)² of the weights of a row and group, for every candidate of a clipped range.</summary>
/// <remarks>
/// One multiplication by 1/scale stands for the division of the final rounding: a weight within a rounding of a tie may fall to
/// the other side, which changes its error by as little.
/// </remarks>
internal unsafe struct ClippingErrorKernel : ITileKernel<double>
{
    /// <summary>Candidates: factors 1, 79/80, … 16/80.</summary>
    internal const int Candidates = 65;

    private const double FinestFactor = 80;

    /// <summary>The weights.</summary>
    internal WeightValues Values;

    /// <summary>Number of groups of a row.</summary>
    internal int Groups;

    /// <summary>Inputs of a group.</summary>
    internal int GroupSize;

    /// <summary>Inputs of a row.</summary>
    internal int Inputs;

    /// <summary>[O, G] smallest weights, or a single one.</summary>
    internal double* Minima;

    /// <summary>[O, G] largest weights, or a single one.</summary>
    internal double* Maxima;

    /// <summary>Whether one range covers all weights.</summary>
    internal bool IsPerTensor;

    /// <summary>The integers to use.</summary>
    internal CodeGrid Grid;

    /// <summary>[O, G, candidates] errors; written.</summary>
    internal double* Errors;

    /// <summary>How rows are cut.</summary>
    internal RowTiling Rows;

    /// <summary>The share of the whole range that a candidate keeps.</summary>
    internal static double Factor(int candidate) => (FinestFactor - candidate) / FinestFactor;

    /// <inheritdoc/>
    public readonly void Tile<TLanes, TVector>(int tile)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        for (int row = Rows.First(tile); row < Rows.End(tile); row++)
        {
            for (int group = 0; group < Groups; group++)
            {
                long index = ((long)row * Groups) + group;
                long range = IsPerTensor ? 0 : index;
                Measure<TLanes, TVector>(row, group, Minima[range], Maxima[range], Errors + (index * Candidates));
            }
        }
    }

    private readonly void Measure<TLanes, TVector>(int row, int group, double minimum, double maximum, double* errors)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        double* values = stackalloc double[WeightValues.Chunk];
        new Span<double>(errors, Candidates).Clear();
        int end = Math.Min((group + 1) * GroupSize, Inputs);
        for (int first = group * GroupSize; first < end; first += WeightValues.Chunk)
        {
            int count = Math.Min(WeightValues.Chunk, end - first);
            int padded = (count + TLanes.Count - 1) / TLanes.Count * TLanes.Count;
            Values.Read(row, first, count, values);

            // Zero is exact on every grid: padding adds no error.
            new Span<double>(values, padded)[count..].Clear();
            for (int candidate = 0; candidate < Candidates; candidate++)
            {
                double factor = Factor(candidate);
                (float scale, int zeroPoint) = Grid.Cover(minimum * factor, maximum * factor);
                errors[candidate] += Error<TLanes, TVector>(values, padded, scale, zeroPoint);
            }
        }
    }

    private readonly double Error<TLanes, TVector>(double* values, int count, double scale, int zeroPoint)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        TVector scales = TLanes.Broadcast(scale);
        TVector inverse = TLanes.Broadcast(1 / scale);
        TVector low = TLanes.Broadcast(Grid.Minimum - zeroPoint);
        TVector high = TLanes.Broadcast(Grid.Maximum - zeroPoint);
        TVector sum = TLanes.Zero;
        for (int i = 0; i < count; i += TLanes.Count)
        {
            TVector value = TLanes.Load(values + i);
            TVector steps = TLanes.Min(TLanes.Max(TLanes.Round(TLanes.Multiply(value, inverse)), low), high);
            TVector error = TLanes.Subtract(value, TLanes.Multiply(steps, scales));
            sum = TLanes.MultiplyAdd(error, error, sum);
        }

        return TLanes.Sum(sum);
    }
}
