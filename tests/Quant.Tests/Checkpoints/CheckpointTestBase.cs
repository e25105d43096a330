using System.Collections.Immutable;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Tensors;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Checkpoints;

/// <summary>Writes checkpoints of random parts and compares what is read with them.</summary>
public abstract class CheckpointTestBase : IDisposable
{
    private static readonly Dictionary<string, byte[]> _written = new(StringComparer.Ordinal);

    private readonly List<QuantizedLayer> _expectedLayers = [];
    private readonly TemporaryDirectory _directory = new();
    private QuantizedEnds? _expectedEnds;

    /// <summary>Every online rotation, for the small configuration.</summary>
    private protected static ImmutableSortedDictionary<RotationSite, int> AllRotations { get; } = ImmutableSortedDictionary<RotationSite, int>.Empty
        .Add(RotationSite.XProjInput, 48).Add(RotationSite.OutProjInput, 48).Add(RotationSite.ScanState, 8);

    /// <summary>Memory of the parts.</summary>
    private protected CpuKernels Kernels { get; } = new();

    /// <summary>Folder of the float model.</summary>
    private protected string Source => _directory.File("float");

    /// <summary>Folder of the quantized checkpoint.</summary>
    private protected string Output => _directory.File("quantized");

    public void Dispose()
    {
        DisposeParts();
        Kernels.Dispose();
        _directory.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives back the parts that the last checkpoint was written from.</summary>
    private protected void DisposeParts()
    {
        _expectedLayers.ForEach(layer => layer.Dispose());
        _expectedLayers.Clear();
        _expectedEnds?.Dispose();
        _expectedEnds = null;
    }

    /// <summary>Opens the float model, which is written on first use.</summary>
    private protected MambaCheckpoint OpenSource(bool tied)
    {
        if (!Directory.Exists(Source))
        {
            Directory.CreateDirectory(Source);
            new SyntheticMamba { Config = new SyntheticMamba().Config with { TieEmbeddings = tied } }.Write(Source);
            File.WriteAllText(Path.Combine(Source, "tokenizer.json"), "{}");
        }

        return MambaCheckpoint.Open(Source);
    }

    /// <summary>A checkpoint with everything in it, written once for all tests that only change its files.</summary>
    private protected void WriteOnce()
    {
        lock (_written)
        {
            if (_written.Count == 0)
            {
                Write(QuantizationSchemes.Parse("W8A8"), tied: true, smoothsGate: true, AllRotations);
                foreach ((string name, byte[] content) in Files())
                {
                    _written.Add(name, content);
                }
            }
        }

        Directory.CreateDirectory(Output);
        foreach ((string name, byte[] content) in _written)
        {
            File.WriteAllBytes(Path.Combine(Output, name), content);
        }
    }

    /// <summary>Writes a checkpoint whose parts are all of one scheme.</summary>
    private protected void Write(QuantizationScheme scheme, bool tied, bool smoothsGate, ImmutableSortedDictionary<RotationSite, int>? rotations) =>
        Write(_ => scheme, scheme, tied, smoothsGate, rotations, long.MaxValue);

    /// <summary>Writes a checkpoint of random parts, the layers in reverse order.</summary>
    private protected void Write(
        Func<int, QuantizationScheme> layers, QuantizationScheme ends, bool tied, bool smoothsGate, ImmutableSortedDictionary<RotationSite, int>? rotations, long maxShardBytes)
    {
        using MambaCheckpoint source = OpenSource(tied);
        DisposeParts();
        var parts = new RandomQuantizedParts(Kernels, source.Config, 5);
        using var writer = new QuantizedCheckpointWriter(Output, source, new QuantizedCheckpointOptions { MaxShardBytes = maxShardBytes });
        for (int layer = 0; layer < source.Config.LayerCount; layer++)
        {
            _expectedLayers.Add(parts.Layer(layer, layers(layer), rotations, smoothsGate));
        }

        _expectedEnds = parts.Ends(ends, tied);
        foreach (QuantizedLayer layer in _expectedLayers.AsEnumerable().Reverse())
        {
            writer.AddLayer(Kernels, layer);
        }

        writer.AddEnds(Kernels, _expectedEnds);
        writer.Complete(RandomQuantizedParts.Documents());
    }

    /// <summary>Every part must come back as it was.</summary>
    private protected void AssertReadsBack()
    {
        using QuantizedCheckpoint checkpoint = QuantizedCheckpoint.Open(Output);
        foreach (QuantizedLayer expected in _expectedLayers)
        {
            using QuantizedLayer layer = checkpoint.ReadLayer(Kernels, expected.Layer);
            Assert.Equal(QuantizedLayerLayout.Of(MambaFamily.For(checkpoint.Config), expected), QuantizedLayerLayout.Of(MambaFamily.For(checkpoint.Config), layer));
            Assert.Equal(expected.Weights.Keys.Order(), layer.Weights.Keys.Order());
            foreach ((string module, WeightCodes codes) in expected.Weights)
            {
                AssertSame(codes, layer.Weights[module]);
            }

            Assert.Equal(expected.Float.Names.Order(), layer.Float.Names.Order());
            foreach (string name in expected.Float.Names)
            {
                Assert.Equal(Values<float>(expected.Float[name]), Values<float>(layer.Float[name]));
            }

            Assert.Equal(expected.Inputs.OrderBy(input => input.Key.Name), layer.Inputs.OrderBy(input => input.Key.Name));
            Assert.Equal(expected.ScanStateScales, layer.ScanStateScales);
            Assert.Equal(expected.GateSmoothing, layer.GateSmoothing);
        }

        using QuantizedEnds ends = checkpoint.ReadEnds(Kernels);
        Assert.Equal(QuantizedEndsLayout.Of(_expectedEnds!), QuantizedEndsLayout.Of(ends));
        Assert.Equal(_expectedEnds!.HeadInput, ends.HeadInput);
        Assert.Equal(Values<float>(_expectedEnds.FinalNorm), Values<float>(ends.FinalNorm));
        AssertSame(_expectedEnds.EmbeddingCodes, ends.EmbeddingCodes);
        AssertSame(_expectedEnds.HeadCodes, ends.HeadCodes);
        Assert.Equal(_expectedEnds.EmbeddingTable is null, ends.EmbeddingTable is null);
        if (ends.EmbeddingTable is not null)
        {
            Assert.Equal(Values<float>(_expectedEnds.EmbeddingTable!), Values<float>(ends.EmbeddingTable));
        }
    }

    /// <summary>The checkpoint's files by name.</summary>
    private protected Dictionary<string, byte[]> Files() =>
        Directory.EnumerateFiles(Output).ToDictionary(path => Path.GetFileName(path), File.ReadAllBytes, StringComparer.Ordinal);

    private void AssertSame(WeightCodes? expected, WeightCodes? actual)
    {
        Assert.Equal(expected is null, actual is null);
        if (expected is null)
        {
            return;
        }

        Assert.Equal(expected.Grid, actual!.Grid);
        Assert.Equal(expected.GroupSize, actual.GroupSize);
        Assert.Equal(expected.Codes.Shape, actual.Codes.Shape);
        Assert.Equal(expected.Scales.Shape, actual.Scales.Shape);
        Assert.Equal(Values<sbyte>(expected.Codes), Values<sbyte>(actual.Codes));
        Assert.Equal(Values<float>(expected.Scales), Values<float>(actual.Scales));
        Assert.Equal(expected.ZeroPoints is null, actual.ZeroPoints is null);
        if (expected.ZeroPoints is not null)
        {
            Assert.Equal(Values<int>(expected.ZeroPoints), Values<int>(actual.ZeroPoints!));
        }
    }

    private T[] Values<T>(Tensor tensor)
        where T : unmanaged
    {
        var values = new T[tensor.Shape.ElementCount];
        Kernels.Download(tensor, values.AsSpan());
        return values;
    }
}
