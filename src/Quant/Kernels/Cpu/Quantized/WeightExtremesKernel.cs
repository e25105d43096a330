using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Quantized;

/// <summary>The smallest and largest weight of every row and group; the largest is NaN where a weight is not finite.</summary>
internal unsafe struct WeightExtremesKernel : ITileKernel<double>
{
    /// <summary>The weights.</summary>
    internal WeightValues Values;

    /// <summary>Number of groups of a row.</summary>
    internal int Groups;

    /// <summary>Inputs of a group.</summary>
    internal int GroupSize;

    /// <summary>Inputs of a row.</summary>
    internal int Inputs;

    /// <summary>[O, G]; written.</summary>
    internal double* Minima;

    /// <summary>[O, G]; written.</summary>
    internal double* Maxima;

    /// <summary>How rows are cut.</summary>
    internal RowTiling Rows;

    /// <inheritdoc/>
    public readonly void Tile<TLanes, TVector>(int tile)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        for (int row = Rows.First(tile); row < Rows.End(tile); row++)
        {
            for (int group = 0; group < Groups; group++)
            {
                Find<TLanes, TVector>(row, group);
            }
        }
    }

    private readonly void Find<TLanes, TVector>(int row, int group)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        double* values = stackalloc double[WeightValues.Chunk];
        TVector betrayal = TLanes.Zero;
        double minimum = 0;
        double maximum = 0;
        int start = group * GroupSize;
        int end = Math.Min(start + GroupSize, Inputs);
        for (int first = start; first < end; first += WeightValues.Chunk)
        {
            int count = Math.Min(WeightValues.Chunk, end - first);
            int padded = (count + TLanes.Count - 1) / TLanes.Count * TLanes.Count;
            Values.Read(row, first, count, values);

            // Padding repeats a value of the group, which changes no extreme.
            new Span<double>(values, padded)[count..].Fill(values[0]);
            TVector low = TLanes.Load(values);
            TVector high = low;
            for (int i = 0; i < padded; i += TLanes.Count)
            {
                TVector value = TLanes.Load(values + i);
                betrayal = TLanes.Add(betrayal, TLanes.Multiply(value, TLanes.Zero));
                low = TLanes.Min(value, low);
                high = TLanes.Max(value, high);
            }

            double lowest = -TLanes.Largest(TLanes.Subtract(TLanes.Zero, low));
            double highest = TLanes.Largest(high);
            minimum = first == start ? lowest : Math.Min(minimum, lowest);
            maximum = first == start ? highest : Math.Max(maximum, highest);
        }

        long index = ((long)row * Groups) + group;
        Minima[index] = minimum;
        Maxima[index] = TLanes.Sum(betrayal) == 0 ? maximum : double.NaN;
    }
}
