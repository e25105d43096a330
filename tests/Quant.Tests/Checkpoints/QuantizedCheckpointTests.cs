using System.Collections.Immutable;
using System.Text.Json.Nodes;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Tensors;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Checkpoints;

public sealed class QuantizedCheckpointTests : CheckpointTestBase
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public void WhatIsWritten_IsRead(int bits)
    {
        // Symmetric in the first layer, asymmetric in the second; every strategy at some module.
        Write(layer => EveryStrategy(bits, symmetric: layer == 0), EveryStrategy(bits, bits % 2 == 0), tied: bits % 3 == 0, smoothsGate: bits > 4, AllRotations, long.MaxValue);
        AssertReadsBack();
    }

    [Fact]
    public void DynamicAndWeightOnlyLayouts_AreRead()
    {
        var dynamic = new QuantizationArgs { Bits = 6, Strategy = QuantizationStrategy.Token, Dynamic = true };
        var weights = new QuantizationArgs { Bits = 4, Strategy = QuantizationStrategy.Channel };
        QuantizationScheme scheme = Scheme(weights, dynamic, dynamic, dynamic);
        scheme = scheme with
        {
            Modules = scheme.Modules
                .SetItem(MambaFamily.XProjModule, new ModuleScheme(weights, null))
                .SetItem(MambaFamily.DtProjModule, new ModuleScheme(null, dynamic))
                .Remove(MambaFamily.OutProjModule)
                .Remove(MambaFamily.EmbeddingsModule)
                .Remove(MambaFamily.ConvModule),
        };
        Write(scheme, tied: false, smoothsGate: false, null);
        AssertReadsBack();
    }

    [Fact]
    public void LayersOfDifferentSchemes_AreRead()
    {
        QuantizationScheme few = QuantizationSchemes.Parse("W4A8");
        QuantizationScheme many = QuantizationSchemes.Parse("W8A8");
        Write(layer => layer == 0 ? few : many, many, tied: true, smoothsGate: true, AllRotations, long.MaxValue);
        AssertReadsBack();
    }

    [Fact]
    public void Shards_GiveTheSameModel()
    {
        Write(_ => QuantizationSchemes.Parse("W8A8"), QuantizationSchemes.Parse("W8A8"), tied: true, smoothsGate: true, AllRotations, maxShardBytes: 9000);
        Assert.True(File.Exists(Path.Combine(Output, CheckpointTensors.IndexFileName)));
        AssertReadsBack();
    }

    [Fact]
    public void Formats_AreToldApart()
    {
        Write(QuantizationSchemes.Parse("W8A8"), tied: true, smoothsGate: false, null);
        Assert.Equal(ModelFormat.Float, ModelFormats.Detect(Source));
        Assert.Equal(ModelFormat.Quantized, ModelFormats.Detect(Output));
        Assert.Throws<UnsupportedModelException>(() => MambaCheckpoint.Open(Output));
        Assert.Throws<UnsupportedModelException>(() => QuantizedCheckpoint.Open(Source));
        JsonObject foreign = new SyntheticMamba().ConfigJson();
        foreign["quantization_config"] = new JsonObject();
        File.WriteAllText(Path.Combine(Source, "config.json"), foreign.ToJsonString());
        Assert.Throws<UnsupportedModelException>(() => ModelFormats.Detect(Source));
    }

    private static QuantizationScheme EveryStrategy(int bits, bool symmetric)
    {
        var channel = new QuantizationArgs { Bits = bits, Symmetric = symmetric, Strategy = QuantizationStrategy.Channel };
        QuantizationArgs tensor = channel with { Strategy = QuantizationStrategy.Tensor };
        QuantizationArgs group = channel with { Strategy = QuantizationStrategy.Group, GroupSize = 20 };
        var input = new QuantizationArgs { Bits = 8, Symmetric = symmetric, Range = RangeEstimator.Percentile, Percentile = 0.999 };
        var scan = new QuantizationArgs { Bits = 8, Strategy = QuantizationStrategy.Channel, Range = RangeEstimator.MeanSquaredError };
        QuantizationScheme scheme = Scheme(channel, input, scan, scan with { Strategy = QuantizationStrategy.Tensor });
        return scheme with
        {
            Modules = scheme.Modules
                .SetItem(MambaFamily.XProjModule, new ModuleScheme(group, input))
                .SetItem(MambaFamily.DtProjModule, new ModuleScheme(tensor, input))
                .SetItem(MambaFamily.HeadModule, new ModuleScheme(group, input))
                .SetItem(MambaFamily.EmbeddingsModule, new ModuleScheme(group, null)),
        };
    }

    private static QuantizationScheme Scheme(QuantizationArgs weights, QuantizationArgs input, QuantizationArgs state, QuantizationArgs output)
    {
        QuantizationArgs taps = weights.Strategy == QuantizationStrategy.Group ? weights with { Strategy = QuantizationStrategy.Channel, GroupSize = 0 } : weights;
        string[] modules = [MambaFamily.InProjModule, MambaFamily.XProjModule, MambaFamily.DtProjModule, MambaFamily.OutProjModule, MambaFamily.HeadModule];
        return new QuantizationScheme
        {
            Name = "test",
            Modules = modules.ToImmutableSortedDictionary(module => module, _ => new ModuleScheme(weights, input), StringComparer.Ordinal)
                .Add(MambaFamily.ConvModule, new ModuleScheme(taps, input))
                .Add(MambaFamily.EmbeddingsModule, new ModuleScheme(weights, null)),
            ScanState = state,
            ScanOutput = output,
        };
    }
}
