using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Quantized;

/// <summary>Activation codes as int16 rows whose groups have an even number of codes, so that pairs never straddle two groups; and the sum of each group.</summary>
internal unsafe struct CodeWideningKernel : ITileKernel<double>
{
    /// <summary>[T, I] codes.</summary>
    internal sbyte* Codes;

    /// <summary>[T, stride] int16; a group of odd size ends with a 0.</summary>
    internal short* Widened;

    /// <summary>[T, G] sums of codes, or null.</summary>
    internal int* GroupSums;

    /// <summary>The groups of the weights that the codes will meet.</summary>
    internal WeightGroups Groups;

    /// <summary>How rows are cut.</summary>
    internal RowTiling Rows;

    /// <summary>Codes of a widened row.</summary>
    internal static int Stride(in WeightGroups groups) => checked(groups.Groups * PaddedGroup(groups));

    /// <summary>Codes of a widened group.</summary>
    internal static int PaddedGroup(in WeightGroups groups) => checked(groups.GroupSize + (groups.GroupSize & 1));

    /// <inheritdoc/>
    public readonly void Tile<TLanes, TVector>(int tile)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        int stride = Stride(Groups);
        int padded = PaddedGroup(Groups);
        for (int row = Rows.First(tile); row < Rows.End(tile); row++)
        {
            sbyte* source = Codes + ((long)row * Groups.Inputs);
            short* target = Widened + ((long)row * stride);
            for (int group = 0; group < Groups.Groups; group++)
            {
                int count = Groups.Count(group);
                CodeConversion.Widen(source + Groups.First(group), target + (group * padded), count);
                new Span<short>(target + (group * padded), padded)[count..].Clear();
                if (GroupSums != null)
                {
                    GroupSums[((long)row * Groups.Groups) + group] = Sum(source + Groups.First(group), count);
                }
            }
        }
    }

    private static int Sum(sbyte* codes, int count)
    {
        int sum = 0;
        for (int i = 0; i < count; i++)
        {
            sum += codes[i];
        }

        return sum;
    }
}
