using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Tensors;
using Xunit;

namespace MambaQuant.Quant.Tests.Checkpoints;

/// <summary>The artifact means to a foreign reader of compressed-tensors what it means to this program.</summary>
public sealed class ForeignReaderTests : CheckpointTestBase
{
    [Theory]
    [InlineData(8, "int-quantized", QuantizationStrategy.Channel, true)]
    [InlineData(8, "int-quantized", QuantizationStrategy.Group, true)]
    [InlineData(8, "int-quantized", QuantizationStrategy.Tensor, false)]
    [InlineData(8, "int-quantized", QuantizationStrategy.Channel, false)]
    [InlineData(4, "pack-quantized", QuantizationStrategy.Group, true)]
    [InlineData(4, "pack-quantized", QuantizationStrategy.Group, false)]
    [InlineData(4, "pack-quantized", QuantizationStrategy.Channel, true)]
    [InlineData(3, "pack-quantized", QuantizationStrategy.Group, false)]
    [InlineData(6, "pack-quantized", QuantizationStrategy.Channel, false)]
    public void Weights_AreThoseOfOurReader(int bits, string format, QuantizationStrategy strategy, bool symmetric)
    {
        var weights = new QuantizationArgs
        {
            Bits = bits,
            Symmetric = symmetric,
            Strategy = strategy,
            GroupSize = strategy == QuantizationStrategy.Group ? 8 : 0,
        };
        string[] linears = [MambaFamily.InProjModule, MambaFamily.XProjModule, MambaFamily.DtProjModule, MambaFamily.OutProjModule, MambaFamily.HeadModule];
        QuantizationScheme scheme = QuantizationSchemes.Parse("W8A8");
        scheme = linears.Aggregate(
            scheme, (sum, module) => sum with { Modules = sum.Modules.SetItem(module, new ModuleScheme(weights, scheme.Modules[MambaFamily.InProjModule].Input)) });
        Write(scheme, tied: false, smoothsGate: true, AllRotations);

        var foreign = new ForeignReader(Output);
        using QuantizedCheckpoint own = QuantizedCheckpoint.Open(Output);
        var compared = new HashSet<string>(StringComparer.Ordinal);
        for (int layer = 0; layer < own.Config.LayerCount; layer++)
        {
            using QuantizedLayer read = own.ReadLayer(Kernels, layer);
            foreach ((string module, WeightCodes codes) in read.Weights.Where(weight => linears.Contains(weight.Key)))
            {
                string name = foreign.Modules.Single(name => name.EndsWith($"layers.{layer}.mixer.{module}", StringComparison.Ordinal));
                AssertSame(foreign, name, format, codes);
                compared.Add(name);
            }
        }

        using QuantizedEnds ends = own.ReadEnds(Kernels);
        AssertSame(foreign, "lm_head", format, ends.HeadCodes!);
        compared.Add("lm_head");

        AssertSame(foreign, "backbone.embeddings", "int-quantized", ends.EmbeddingCodes!);
        compared.Add("backbone.embeddings");
        Assert.Equal((4 * own.Config.LayerCount) + 2, compared.Count);

        // compressed-tensors has no word for a depthwise convolution's codes: they stand in our own block, in no group of theirs.
        Assert.All(foreign.Modules.Where(module => !compared.Contains(module)), module =>
        {
            Assert.EndsWith(".mixer.conv1d", module, StringComparison.Ordinal);
            Assert.Null(foreign.Format(module));
        });
    }

    private void AssertSame(ForeignReader foreign, string module, string format, WeightCodes codes)
    {
        Assert.Equal(format, foreign.Format(module));
        using Tensor values = Kernels.Dequantize(codes);
        float[] own = new float[values.Shape.ElementCount];
        Kernels.Download(values, own.AsSpan());
        Assert.Equal(own, foreign.Weight(module));
    }
}
