using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Kernels.Cpu.Quantized;

/// <summary>The memory of quantized weights, and which scale and zero point a code has.</summary>
internal readonly unsafe struct WeightGroups
{
    private readonly float* _scales;
    private readonly int* _zeroPoints;
    private readonly int _rowStride;

    /// <summary>Reads the shape of weight codes.</summary>
    /// <param name="codes">[O, I].</param>
    /// <param name="scales">[O, G], or a single one.</param>
    /// <param name="zeroPoints">Like the scales, or null.</param>
    /// <param name="outputs">O.</param>
    /// <param name="inputs">I.</param>
    /// <param name="groupSize">Inputs that share a scale; clamped to I.</param>
    /// <param name="isPerTensor">Whether there is a single scale.</param>
    internal WeightGroups(sbyte* codes, float* scales, int* zeroPoints, int outputs, int inputs, int groupSize, bool isPerTensor)
    {
        Codes = codes;
        _scales = scales;
        _zeroPoints = zeroPoints;
        Outputs = outputs;
        Inputs = inputs;
        GroupSize = isPerTensor ? inputs : Math.Min(groupSize, inputs);
        Groups = CountGroups(inputs, GroupSize);
        _rowStride = isPerTensor ? 0 : Groups;
    }

    /// <summary>[O, I].</summary>
    internal sbyte* Codes { get; }

    /// <summary>O.</summary>
    internal int Outputs { get; }

    /// <summary>I.</summary>
    internal int Inputs { get; }

    /// <summary>Inputs of a group; the last may have fewer.</summary>
    internal int GroupSize { get; }

    /// <summary>Groups of a row; at least 1.</summary>
    internal int Groups { get; }

    /// <summary>Whether codes have zero points.</summary>
    internal bool IsAsymmetric => _zeroPoints != null;

    /// <summary>Number of groups that inputs fall into; 1 where there are no inputs.</summary>
    internal static int CountGroups(int inputs, int groupSize) => inputs == 0 ? 1 : ((inputs - 1) / groupSize) + 1;

    /// <summary>The shape that scales must have, for messages.</summary>
    internal static Shape ScaleShape(int outputs, int inputs, int groupSize) => new(outputs, CountGroups(inputs, groupSize));

    /// <summary>The first input of a group.</summary>
    internal int First(int group) => group * GroupSize;

    /// <summary>Inputs of a group.</summary>
    internal int Count(int group) => Math.Min(GroupSize, Inputs - First(group));

    /// <summary>The scale of a group of a row.</summary>
    internal float Scale(int output, int group) => _scales[((long)output * _rowStride) + group];

    /// <summary>The code of the value 0.</summary>
    internal int ZeroPoint(int output, int group) => _zeroPoints == null ? 0 : _zeroPoints[((long)output * _rowStride) + group];

    /// <summary>The codes of a row.</summary>
    internal sbyte* Row(int output) => Codes + ((long)output * Inputs);

    /// <summary>Writes the fp32 values of some inputs of a row: scale · (code − zero point).</summary>
    internal void Dequantize(int output, int first, int count, float* values)
    {
        sbyte* codes = Row(output);
        for (int i = first; i < first + count;)
        {
            int group = i / GroupSize;
            int end = Math.Min(first + count, First(group) + GroupSize);
            CodeConversion.Dequantize(codes + i, ZeroPoint(output, group), Scale(output, group), values + (i - first), end - i);
            i = end;
        }
    }

    /// <summary>Writes the exact fp64 values of some inputs of a row.</summary>
    internal void Dequantize(int output, int first, int count, double* values)
    {
        sbyte* codes = Row(output);
        for (int i = first; i < first + count; i++)
        {
            int group = i / GroupSize;
            values[i - first] = (double)Scale(output, group) * (codes[i] - ZeroPoint(output, group));
        }
    }
}
