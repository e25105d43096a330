using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Tensors;
using Xunit;

namespace MambaQuant.Quant.Tests.Kernels.Cpu.Quantized;

[Trait("Category", "Kernels")]
public sealed class WeightOnlyLinearTests : IDisposable
{
    private readonly CpuKernels _serial = new(new CpuKernelsOptions { Threads = 1 });
    private readonly CpuKernels _parallel = new(new CpuKernelsOptions { Threads = 3 });

    public void Dispose()
    {
        _serial.Dispose();
        _parallel.Dispose();
    }

    [Theory]
    [InlineData(1, 1, 1, 1)]
    [InlineData(5, 33, 31, 33)]
    [InlineData(7, 257, 33, 128)]
    [InlineData(6, 512, 64, 100)]
    [InlineData(300, 300, 70, 7)]
    [InlineData(0, 4, 3, 4)]
    [InlineData(3, 0, 2, 1)]
    public void Product_HasTheBitsOfTheFloatLayerOnDequantizedWeights(int rows, int inputs, int outputs, int groupSize)
    {
        foreach (bool asymmetric in new[] { false, true })
        {
            var test = new QuantizedCase(0, inputs, outputs, groupSize, asymmetric, perToken: false);
            using WeightCodes codes = test.Weights(_parallel);
            using Tensor x = _parallel.Matrix(SeededValues.Singles(4, rows * inputs), rows, inputs);
            using Tensor bias = _parallel.Matrix(test.Bias, outputs);
            using Tensor weight = _parallel.Dequantize(codes);
            using Tensor expected = _parallel.Linear(x, weight, bias);
            using Tensor actual = _parallel.WeightOnlyLinear(x, codes, bias);
            Assert.Equal(new Shape(rows, outputs), actual.Shape);
            Difference.AssertSameBits(_parallel.ToArray<float>(expected), _parallel.ToArray<float>(actual));
        }
    }

    [Fact]
    public void Product_OfARow_IsTheSameWhateverTheOtherRows_AndTheThreads()
    {
        const int Rows = 512, Inputs = 384, Outputs = 75;
        var test = new QuantizedCase(0, Inputs, Outputs, 128, asymmetric: true, perToken: false);
        using WeightCodes codes = test.Weights(_serial);
        using WeightCodes others = test.Weights(_parallel);
        float[] values = SeededValues.Singles(5, Rows * Inputs);
        using Tensor x = _serial.Matrix(values, Rows, Inputs);
        using Tensor same = _parallel.Matrix(values, Rows, Inputs);
        using Tensor all = _serial.WeightOnlyLinear(x, codes, null);
        using Tensor threaded = _parallel.WeightOnlyLinear(same, others, null);
        float[] expected = _serial.ToArray<float>(all);
        Difference.AssertSameBits(expected, _parallel.ToArray<float>(threaded));
        foreach (int row in new[] { 0, 257, 511 })
        {
            using Tensor one = _serial.Rows(x, row, 1);
            using Tensor y = _serial.WeightOnlyLinear(one, codes, null);
            Difference.AssertSameBits(expected.AsSpan(row * Outputs, Outputs), _serial.ToArray<float>(y));
        }
    }

    [Fact]
    public void Gathering_GivesTheDequantizedRows()
    {
        var test = new QuantizedCase(0, 70, 9, 16, asymmetric: true, perToken: false);
        using WeightCodes table = test.Weights(_serial);
        using Tensor values = _serial.Dequantize(table);
        using Tensor rows = _serial.GatherQuantizedRows(table, [8, 0, 8]);
        float[] all = _serial.ToArray<float>(values);
        Assert.Equal([.. all.AsSpan(8 * 70, 70), .. all.AsSpan(0, 70), .. all.AsSpan(8 * 70, 70)], _serial.ToArray<float>(rows));
        for (int i = 0; i < all.Length; i++)
        {
            int index = test.ScaleIndex(i / 70, i % 70);
            Assert.Equal(test.WeightScales[index] * (test.W[i] - test.WeightZeroPoints[index]), all[i]);
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => _serial.GatherQuantizedRows(table, [9]));
    }
}
