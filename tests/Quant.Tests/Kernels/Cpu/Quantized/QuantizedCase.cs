using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Tests.Kernels.Cpu.Quantized;

/// <summary>Codes of activations and weights on the host, to upload and to compute with slowly.</summary>
internal sealed class QuantizedCase
{
    public QuantizedCase(int rows, int inputs, int outputs, int groupSize, bool asymmetric, bool perToken, bool perTensorWeight = false, int seed = 1)
    {
        (Rows, Inputs, Outputs, IsPerToken, IsPerTensorWeight) = (rows, inputs, outputs, perToken, perTensorWeight);
        GroupSize = perTensorWeight ? inputs : Math.Min(groupSize, inputs);
        Groups = inputs == 0 ? 1 : (inputs + GroupSize - 1) / GroupSize;
        Grid = new CodeGrid(8, !asymmetric);
        var random = new Random(seed);
        X = SeededValues.Codes(seed, rows * inputs, Grid.Minimum, Grid.Maximum);
        W = SeededValues.Codes(seed + 1, outputs * inputs, Grid.Minimum, Grid.Maximum);
        TokenScales = [.. Enumerable.Range(0, rows).Select(_ => perToken ? 0.01f + random.NextSingle() : 0.37f)];
        TokenZeroPoints = [.. Enumerable.Range(0, rows).Select(_ => asymmetric ? perToken ? random.Next(-128, 128) : -77 : 0)];
        int scales = perTensorWeight ? 1 : outputs * Groups;
        WeightScales = [.. Enumerable.Range(0, scales).Select(_ => 0.001f + (0.02f * random.NextSingle()))];
        WeightZeroPoints = [.. Enumerable.Range(0, scales).Select(_ => asymmetric ? random.Next(-128, 128) : 0)];
        Bias = SeededValues.Singles(seed + 2, outputs);
    }

    public int Rows { get; }

    public int Inputs { get; }

    public int Outputs { get; }

    public int GroupSize { get; }

    public int Groups { get; }

    public bool IsPerToken { get; }

    public bool IsPerTensorWeight { get; }

    public CodeGrid Grid { get; }

    public sbyte[] X { get; }

    public sbyte[] W { get; }

    public float[] TokenScales { get; }

    public int[] TokenZeroPoints { get; }

    public float[] WeightScales { get; }

    public int[] WeightZeroPoints { get; }

    public float[] Bias { get; }

    public ActivationCodes Activations(CpuKernels kernels, int first = 0, int? count = null)
    {
        int rows = count ?? Rows;
        Tensor codes = kernels.Matrix(X.AsSpan(first * Inputs, rows * Inputs).ToArray(), rows, Inputs);
        return IsPerToken
            ? new ActivationCodes(
                codes,
                kernels.Matrix(TokenScales.AsSpan(first, rows).ToArray(), rows),
                Grid.Symmetric ? null : kernels.Matrix(TokenZeroPoints.AsSpan(first, rows).ToArray(), rows))
            : new ActivationCodes(codes, TokenScales.Length == 0 ? 1 : TokenScales[0], TokenZeroPoints.Length == 0 ? 0 : TokenZeroPoints[0]);
    }

    public WeightCodes Weights(CpuKernels kernels)
    {
        int[] shape = IsPerTensorWeight ? [1, 1] : [Outputs, Groups];
        return new WeightCodes(
            kernels.Matrix(W, Outputs, Inputs),
            kernels.Matrix(WeightScales, shape),
            Grid.Symmetric ? null : kernels.Matrix(WeightZeroPoints, shape),
            Grid,
            GroupSize);
    }

    public int ScaleIndex(int output, int input) => IsPerTensorWeight ? 0 : (output * Groups) + (input / Math.Max(GroupSize, 1));

    /// <summary>The formula of the interface, sums of a group in 64-bit integers.</summary>
    public float[] Reference(bool withBias)
    {
        float[] y = new float[Rows * Outputs];
        for (int t = 0; t < Rows; t++)
        {
            for (int o = 0; o < Outputs; o++)
            {
                double total = 0;
                for (int first = 0; first < Inputs; first += GroupSize)
                {
                    int index = ScaleIndex(o, first);
                    long sum = 0;
                    for (int i = first; i < Math.Min(first + GroupSize, Inputs); i++)
                    {
                        sum += (X[(t * Inputs) + i] - TokenZeroPoints[t]) * (long)(W[(o * Inputs) + i] - WeightZeroPoints[index]);
                    }

                    total += (double)TokenScales[t] * WeightScales[index] * sum;
                }

                y[(t * Outputs) + o] = (float)(withBias ? total + Bias[o] : total);
            }
        }

        return y;
    }
}
