using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Tensors;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Quantization;

public sealed class WeightStorageTests
{
    [Theory]
    [InlineData(8, QuantizationStrategy.Channel, true, (10 * 37) + (10 * 4))]
    [InlineData(8, QuantizationStrategy.Tensor, false, (10 * 37) + 4 + 1)]
    [InlineData(4, QuantizationStrategy.Tensor, false, (10 * 5 * 4) + 4 + 1)]
    [InlineData(4, QuantizationStrategy.Channel, true, (10 * 5 * 4) + (10 * 4))]
    [InlineData(4, QuantizationStrategy.Group, false, (10 * 5 * 4) + (10 * 3 * 4) + (2 * 3 * 4))]
    [InlineData(3, QuantizationStrategy.Group, true, (10 * 4 * 4) + (10 * 3 * 4))]
    public void Bytes_AreThoseOfCodesScalesAndZeroPoints(int bits, QuantizationStrategy strategy, bool symmetric, long expected) =>
        Assert.Equal(expected, WeightStorage.Bytes(Args(bits, strategy, symmetric), new Shape(10, 37)));

    [Theory]
    [InlineData(QuantizationStrategy.Tensor)]
    [InlineData(QuantizationStrategy.Channel)]
    [InlineData(QuantizationStrategy.Group)]
    public void Bytes_AreThoseOfThePlannedTensors(QuantizationStrategy strategy)
    {
        MambaConfig config = new SyntheticMamba().Config;
        foreach ((int bits, bool symmetric) in from bits in Enumerable.Range(2, 7) from symmetric in new[] { true, false } select (bits, symmetric))
        {
            QuantizationArgs args = Args(bits, strategy, symmetric);
            var ends = new QuantizedEndsLayout(args, HeadIsTied: true, new ModuleScheme(args, null));

            // The shape that is stored beside packed codes belongs to the format, not to the weight.
            long planned = QuantizedTensorPlan.Embeddings(config, ends).Where(tensor => tensor.DType != DType.I64).Sum(tensor => tensor.SizeBytes);
            Assert.Equal(planned, WeightStorage.Bytes(args, new Shape(config.VocabularySize, config.DModel)));
        }
    }

    [Fact]
    public void WordCount_DoesNotOverflow()
    {
        Assert.Equal(int.MaxValue / 32 * 7, WeightStorage.PackedWords(int.MaxValue / 32 * 32, 7));
        Assert.Throws<ArgumentException>(() => WeightStorage.ColumnsPerScale(Args(8, QuantizationStrategy.Token, symmetric: true), 4));
    }

    private static QuantizationArgs Args(int bits, QuantizationStrategy strategy, bool symmetric) => new()
    {
        Bits = bits,
        Strategy = strategy,
        Symmetric = symmetric,
        GroupSize = strategy == QuantizationStrategy.Group ? 16 : 0,
    };
}
