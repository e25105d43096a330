using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Tensors;
using Xunit;

namespace MambaQuant.Quant.Tests.Quantization;

public sealed class WeightQuantizerTests : IDisposable
{
    private readonly CpuKernels _kernels = new();

    public void Dispose() => _kernels.Dispose();

    [Fact]
    public void EveryBit_AddsSixDecibels()
    {
        using Tensor weight = Weight();
        double[] sqnr = [.. Enumerable.Range(2, 7).Select(bits =>
        {
            using WeightCodes codes = WeightQuantizer.Round(_kernels, weight, new QuantizationArgs { Bits = bits, Strategy = QuantizationStrategy.Channel });
            return WeightQuantizer.Sqnr(_kernels, weight, codes);
        })];

        // From 3 bits on; the grid of 2 bits has three levels only. Measured: 5.7 to 7.7 dB.
        Assert.All(sqnr.Skip(1).Zip(sqnr.Skip(2)), pair => Assert.InRange(pair.Second - pair.First, 5.0, 8.5));
    }

    [Fact]
    public void WeightsOnTheGrid_LoseNothing()
    {
        using Tensor weight = _kernels.Upload<float>([-7, 3, 0, 7], new Shape(1, 4));
        using WeightCodes codes = WeightQuantizer.Round(_kernels, weight, new QuantizationArgs { Bits = 4, Strategy = QuantizationStrategy.Channel });

        Assert.Equal(double.PositiveInfinity, WeightQuantizer.Sqnr(_kernels, weight, codes));
    }

    [Fact]
    public void Tokens_AreNoStrategyOfWeights()
    {
        using Tensor weight = Weight();
        Assert.Throws<ArgumentException>(() => WeightQuantizer.Round(
            _kernels, weight, new QuantizationArgs { Bits = 8, Strategy = QuantizationStrategy.Token, Dynamic = true }));
    }

    private Tensor Weight()
    {
        var random = new Random(1);
        return _kernels.Upload<float>([.. Enumerable.Range(0, 370).Select(_ => (float)(random.NextDouble() - 0.5))], new Shape(10, 37));
    }
}
