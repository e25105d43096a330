using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Tensors;
using Xunit;

namespace MambaQuant.Quant.Tests.Kernels.Cpu.Quantized;

[Trait("Category", "Kernels")]
public sealed class QuantizeWeightTests : IDisposable
{
    private readonly CpuKernels _serial = new(new CpuKernelsOptions { Threads = 1 });
    private readonly CpuKernels _parallel = new(new CpuKernelsOptions { Threads = 3 });

    public void Dispose()
    {
        _serial.Dispose();
        _parallel.Dispose();
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(3, 33, 16)]
    [InlineData(3, 7, 7)]
    [InlineData(2, 1030, 1030)]
    [InlineData(5, 40, 0)]
    [InlineData(200, 300, 128)]
    public void Codes_EqualTheFormula_ForBothDtypes(int outputs, int inputs, int groupSize)
    {
        float[] weight = SeededValues.Singles(1, outputs * inputs);
        foreach (CodeGrid grid in new[] { new CodeGrid(8, true), new CodeGrid(4, false), new CodeGrid(2, true) })
        {
            using Tensor single = _parallel.Matrix(weight, outputs, inputs);
            using Tensor wide = _parallel.ToDouble(single);
            (Tensor scales, Tensor? zeroPoints) = _parallel.FitWeightScales(single, grid, groupSize, new WeightRange(RangeEstimator.MeanSquaredError, 1));
            float[] s = _parallel.ToArray<float>(scales);
            int[]? z = zeroPoints is null ? null : _parallel.ToArray<int>(zeroPoints);
            using WeightCodes codes = _parallel.QuantizeWeight(single, grid, groupSize, scales, zeroPoints);
            WeightCodes again = _parallel.QuantizeWeight(wide, grid, groupSize, scales, zeroPoints);
            sbyte[] expected = new sbyte[weight.Length];
            for (int i = 0; i < weight.Length; i++)
            {
                int groups = groupSize == 0 ? 0 : (inputs + groupSize - 1) / groupSize;
                int index = groupSize == 0 ? 0 : (i / inputs * groups) + (i % inputs / groupSize);
                double code = Math.Round((double)weight[i] / s[index], MidpointRounding.ToEven) + (z?[index] ?? 0);
                expected[i] = (sbyte)Math.Clamp(code, grid.Minimum, grid.Maximum);
            }

            Assert.Equal(expected, _parallel.ToArray<sbyte>(codes.Codes));
            Assert.Equal(expected, _parallel.ToArray<sbyte>(again.Codes));
            again.Codes.Dispose();
        }
    }

    [Fact]
    public void Codes_TieToEven()
    {
        using Tensor weight = _serial.Matrix([0.5, 1.5, -0.5, -2.5, 6.5, 7.5, -9], 1, 7);
        using Tensor scale = _serial.Matrix([1f], 1, 1);
        using WeightCodes codes = _serial.QuantizeWeight(weight, new CodeGrid(4, true), 7, scale, null);
        Assert.Equal([0, 2, 0, -2, 6, 7, -7], _serial.ToArray<sbyte>(codes.Codes));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ZeroWeights_StayZero(bool symmetric)
    {
        float[] weight = [.. SeededValues.Singles(3, 60).Select((v, i) => i % 3 == 0 ? 0 : v + 2)];
        using Tensor tensor = _serial.Matrix(weight, 4, 15);
        var grid = new CodeGrid(3, symmetric);
        foreach (RangeEstimator estimator in Enum.GetValues<RangeEstimator>())
        {
            (Tensor scales, Tensor? zeroPoints) = _serial.FitWeightScales(tensor, grid, 5, new WeightRange(estimator, 0.9));
            using WeightCodes codes = _serial.QuantizeWeight(tensor, grid, 5, scales, zeroPoints);
            using Tensor values = _serial.Dequantize(codes);
            float[] result = _serial.ToArray<float>(values);
            Assert.All(Enumerable.Range(0, 20), i => Assert.Equal(0, result[3 * i]));
        }
    }
}
