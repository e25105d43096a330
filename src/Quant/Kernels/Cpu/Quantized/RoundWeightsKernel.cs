using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Quantized;

/// <summary>Weights to codes: clamp(round(w / scale) + zero point), ties to even, in fp64 whatever the dtype of the weights.</summary>
internal unsafe struct RoundWeightsKernel : ITileKernel<double>
{
    /// <summary>The weights.</summary>
    internal WeightValues Values;

    /// <summary>Where codes go, and their scales and zero points.</summary>
    internal WeightGroups Groups;

    /// <summary>The integers to use.</summary>
    internal CodeGrid Grid;

    /// <summary>How rows are cut.</summary>
    internal RowTiling Rows;

    /// <inheritdoc/>
    public readonly void Tile<TLanes, TVector>(int tile)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        for (int row = Rows.First(tile); row < Rows.End(tile); row++)
        {
            for (int group = 0; group < Groups.Groups; group++)
            {
                Round<TLanes, TVector>(row, group);
            }
        }
    }

    private readonly void Round<TLanes, TVector>(int row, int group)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        double* values = stackalloc double[WeightValues.Chunk];
        int* integers = stackalloc int[WeightValues.Chunk];
        int zeroPoint = Groups.ZeroPoint(row, group);
        TVector scale = TLanes.Broadcast(Groups.Scale(row, group));
        TVector low = TLanes.Broadcast(Grid.Minimum - zeroPoint);
        TVector high = TLanes.Broadcast(Grid.Maximum - zeroPoint);
        TVector offset = TLanes.Broadcast(zeroPoint);
        int end = Groups.First(group) + Groups.Count(group);
        for (int first = Groups.First(group); first < end; first += WeightValues.Chunk)
        {
            int count = Math.Min(WeightValues.Chunk, end - first);
            Values.Read(row, first, count, values);
            for (int i = 0; i < count; i += TLanes.Count)
            {
                TVector steps = TLanes.Clamp(TLanes.Round(TLanes.Divide(TLanes.Load(values + i), scale)), low, high);
                TLanes.StoreInt32(integers + i, TLanes.Add(steps, offset));
            }

            CodeConversion.Narrow(integers, Groups.Row(row) + first, count);
        }
    }
}
