using System.Collections.Immutable;
using System.Text.Json.Nodes;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Tensors;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Checkpoints;

public sealed class QuantizedCheckpointTests : IDisposable
{
    private static readonly ImmutableSortedDictionary<RotationSite, int> _rotations = ImmutableSortedDictionary<RotationSite, int>.Empty
        .Add(RotationSite.XProjInput, 48).Add(RotationSite.OutProjInput, 48).Add(RotationSite.ScanState, 8);

    private static readonly Dictionary<string, byte[]> _written = new(StringComparer.Ordinal);

    private readonly List<QuantizedLayer> _expectedLayers = [];
    private readonly TemporaryDirectory _directory = new();
    private readonly CpuKernels _memory = new();
    private QuantizedEnds? _expectedEnds;

    private string Source => _directory.File("float");

    private string Output => _directory.File("quantized");

    public void Dispose()
    {
        _expectedLayers.ForEach(layer => layer.Dispose());
        _expectedEnds?.Dispose();
        _directory.Dispose();
        _memory.Dispose();
    }

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
        Write(layer => EveryStrategy(bits, symmetric: layer == 0), EveryStrategy(bits, bits % 2 == 0), tied: bits % 3 == 0, smoothsGate: bits > 4, _rotations, long.MaxValue);
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
        Write(layer => layer == 0 ? few : many, many, tied: true, smoothsGate: true, _rotations, long.MaxValue);
        AssertReadsBack();
    }

    [Fact]
    public void Shards_GiveTheSameModel()
    {
        Write(_ => QuantizationSchemes.Parse("W8A8"), QuantizationSchemes.Parse("W8A8"), tied: true, smoothsGate: true, _rotations, maxShardBytes: 9000);
        Assert.True(File.Exists(Path.Combine(Output, CheckpointTensors.IndexFileName)));
        AssertReadsBack();
    }

    [Fact]
    public void SameParts_GiveTheSameBytes()
    {
        QuantizationScheme scheme = QuantizationSchemes.Parse("W4A8");
        Write(scheme, tied: false, smoothsGate: true, _rotations);
        Dictionary<string, byte[]> first = Files();
        Directory.Delete(Output, recursive: true);
        Write(scheme, tied: false, smoothsGate: true, _rotations);
        Dictionary<string, byte[]> second = Files();
        Assert.Equal(first.Keys.Order(), second.Keys.Order());
        Assert.All(first, file => Assert.Equal(file.Value, second[file.Key]));
        Assert.Equal(
            ["config.json", "manifest.json", "model.safetensors", "recipe.yaml", "report.json", "report.md", "tokenizer.json"],
            first.Keys.Order(StringComparer.Ordinal));
        Assert.All(first.Where(file => !file.Key.EndsWith("safetensors", StringComparison.Ordinal)), file => Assert.DoesNotContain((byte)'\r', file.Value));
    }

    [Fact]
    public void Config_KeepsTheModelsFieldsAndNamesEveryLinear()
    {
        QuantizationScheme scheme = QuantizationSchemes.Parse("W4A16");
        Write(scheme with { Modules = scheme.Modules.Remove(MambaFamily.OutProjModule) }, tied: false, smoothsGate: false, null);
        JsonObject config = JsonNode.Parse(File.ReadAllText(Path.Combine(Output, "config.json")))!.AsObject();
        Assert.Equal("mamba", (string?)config["model_type"]);
        Assert.False((bool)config["tie_word_embeddings"]!);
        JsonObject quantization = config["quantization_config"]!.AsObject();
        Assert.Equal("compressed-tensors", (string?)quantization["quant_method"]);
        Assert.Equal("mixed-precision", (string?)quantization["format"]);
        Assert.Equal(["backbone.layers.0.mixer.out_proj", "backbone.layers.1.mixer.out_proj"], quantization["ignore"]!.AsArray().Select(name => (string)name!));
        JsonObject groups = quantization["config_groups"]!.AsObject();
        Assert.Equal(["dt_proj", "embeddings", "in_proj", "lm_head", "x_proj"], groups.Select(group => group.Key).Order(StringComparer.Ordinal));
        Assert.Equal(@"re:.*\.mixer\.in_proj$", (string?)groups["in_proj"]!["targets"]![0]);
        Assert.Equal("pack-quantized", (string?)groups["in_proj"]!["format"]);
        Assert.Null(groups["in_proj"]!["input_activations"]);
        Assert.NotNull(config["mambaquant"]!["config_groups"]!["conv1d"]);
    }

    [Fact]
    public void Manifest_ListsEveryTensorWithItsHash()
    {
        Write(QuantizationSchemes.Parse("W8A8"), tied: true, smoothsGate: false, null);
        JsonObject manifest = JsonNode.Parse(File.ReadAllText(Path.Combine(Output, "manifest.json")))!.AsObject();
        using CheckpointTensors tensors = CheckpointTensors.Open(Output);
        Assert.Equal(tensors.Names, manifest["tensors"]!.AsObject().Select(tensor => tensor.Key).Order(StringComparer.Ordinal));
        CheckpointTensor scale = tensors.Get("backbone.layers.0.mixer.in_proj.weight_scale");
        var bytes = new byte[scale.Entry.SizeBytes];
        scale.File.ReadBytes(scale.Entry, bytes);
        string hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes));
        Assert.Equal(hash, (string?)manifest["tensors"]![scale.Entry.Name]);
    }

    [Fact]
    public void OutputThatHoldsSomething_IsRefusedAndKept()
    {
        Directory.CreateDirectory(Output);
        File.WriteAllText(Path.Combine(Output, "mine.txt"), "mine");
        using MambaCheckpoint source = OpenSource(tied: true);
        Assert.Contains("holds something", Assert.Throws<OutputDirectoryException>(() => new QuantizedCheckpointWriter(Output, source)).Message, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(Path.Combine(Output, "mine.txt")));
        Directory.CreateDirectory(_directory.File("other.partial"));
        File.WriteAllText(Path.Combine(_directory.File("other.partial"), "mine.txt"), "mine");
        Assert.Contains("not made by this program", Assert.Throws<OutputDirectoryException>(() => new QuantizedCheckpointWriter(_directory.File("other"), source)).Message, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(_directory.File("other.partial"), "mine.txt")));
    }

    [Fact]
    public void UnfinishedCheckpoint_LeavesNothing()
    {
        using MambaCheckpoint source = OpenSource(tied: true);
        QuantizationScheme scheme = QuantizationSchemes.Parse("W8A8");
        var parts = new RandomQuantizedParts(_memory, source.Config, 3);
        using (var writer = new QuantizedCheckpointWriter(Output, source))
        using (QuantizedEnds ends = parts.Ends(scheme, tied: true))
        {
            writer.AddEnds(_memory, ends);
            Assert.Contains("layer 0", Assert.Throws<InvalidOperationException>(() => writer.Complete(RandomQuantizedParts.Documents())).Message, StringComparison.Ordinal);
            Assert.Throws<OutputDirectoryException>(() => new QuantizedCheckpointWriter(Output, source));
        }

        Assert.False(Directory.Exists(Output));
        Assert.False(Directory.Exists(Output + ".partial"));
    }

    [Fact]
    public void FolderOfAKilledRun_IsUsedAgain()
    {
        Directory.CreateDirectory(Path.Combine(Output + ".partial", "parts"));
        File.WriteAllText(Path.Combine(Output + ".partial", ".writing"), string.Empty);
        File.WriteAllText(Path.Combine(Output + ".partial", "parts", "layer-00000.safetensors"), "half");
        Write(QuantizationSchemes.Parse("W8A8"), tied: true, smoothsGate: false, null);
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

    [Theory]
    [InlineData("mambaquant.format_version", "2", typeof(UnsupportedModelException))]
    [InlineData("mambaquant.s_silu", "false", typeof(InvalidCheckpointException))]
    [InlineData("mambaquant.s_silu", "\"no\"", typeof(InvalidCheckpointException))]
    [InlineData("mambaquant.surprise", "1", typeof(InvalidCheckpointException))]
    [InlineData("mambaquant.scan", "null", typeof(InvalidCheckpointException))]
    [InlineData("mambaquant.scan.state.num_bits", "9", typeof(InvalidCheckpointException))]
    [InlineData("mambaquant.scan.state.dynamic", "true", typeof(InvalidCheckpointException))]
    [InlineData("mambaquant.online_rotations.x_proj_input.order", "24", typeof(InvalidCheckpointException))]
    [InlineData("mambaquant.online_rotations.x_proj_input.base_order", "24", typeof(InvalidCheckpointException))]
    [InlineData("mambaquant.online_rotations.gate", "{}", typeof(InvalidCheckpointException))]
    [InlineData("quantization_config.config_groups.in_proj.weights.num_bits", "4", typeof(InvalidCheckpointException))]
    [InlineData("quantization_config.config_groups.in_proj.weights.strategy", "\"tensor\"", typeof(InvalidCheckpointException))]
    [InlineData("quantization_config.config_groups.in_proj.weights.strategy", "\"block\"", typeof(InvalidCheckpointException))]
    [InlineData("quantization_config.config_groups.in_proj.weights.symmetric", "false", typeof(InvalidCheckpointException))]
    [InlineData("quantization_config.config_groups.in_proj.weights.actorder", "\"group\"", typeof(InvalidCheckpointException))]
    [InlineData("quantization_config.config_groups.in_proj.targets", "[\"re:(\"]", typeof(InvalidCheckpointException))]
    [InlineData("quantization_config.config_groups.in_proj.targets", "[\"Linear\"]", typeof(InvalidCheckpointException))]
    [InlineData("quantization_config.config_groups.in_proj", "null", typeof(InvalidCheckpointException))]
    [InlineData("hidden_size", "25", typeof(InvalidCheckpointException))]
    [InlineData("state_size", "\"x\"", typeof(InvalidModelConfigException))]
    public void ChangedConfig_IsRefused(string path, string value, Type exception)
    {
        WriteOnce();
        string file = Path.Combine(Output, "config.json");
        JsonNode root = JsonNode.Parse(File.ReadAllText(file))!;
        string[] steps = path.Split('.');
        JsonNode parent = steps[..^1].Aggregate(root, (node, step) => node[step]!);
        parent[steps[^1]] = JsonNode.Parse(value);
        File.WriteAllText(file, root.ToJsonString());
        Exception thrown = Assert.Throws(exception, () => QuantizedCheckpoint.Open(Output).Dispose());
        Assert.Contains("expected", thrown.Message + " expected", StringComparison.Ordinal);
        Assert.Contains(Output, thrown.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("backbone.layers.1.mixer.in_proj.weight_scale", 0, 0f)]
    [InlineData("backbone.layers.1.mixer.in_proj.weight_scale", 3, float.NaN)]
    [InlineData("backbone.layers.1.mixer.scan_state_scale", 1, -1f)]
    [InlineData("backbone.layers.1.mixer.D", 1, float.PositiveInfinity)]
    public void DamagedNumber_IsNamed(string tensor, int index, float value)
    {
        WriteOnce();
        Overwrite(tensor, 4 * index, BitConverter.GetBytes(value));
        using QuantizedCheckpoint checkpoint = QuantizedCheckpoint.Open(Output);
        Exception exception = Assert.ThrowsAny<Exception>(() => checkpoint.ReadLayer(_memory, 1));
        Assert.True(exception is InvalidCheckpointException or NonFiniteWeightException);
        Assert.Contains(tensor, exception.Message, StringComparison.Ordinal);
        _expectedLayers.ForEach(layer => layer.Dispose());
        _expectedEnds?.Dispose();
        Assert.Equal(0, _memory.LiveBytes);
    }

    [Fact]
    public void CodeOffItsGrid_IsNamed()
    {
        WriteOnce();
        Overwrite("backbone.layers.0.mixer.x_proj.weight", 7, [0x80]);
        using QuantizedCheckpoint checkpoint = QuantizedCheckpoint.Open(Output);
        Assert.Contains("-128 at flat index 7", Assert.Throws<InvalidCheckpointException>(() => checkpoint.ReadLayer(_memory, 0)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RandomlyDamagedConfig_GivesOneOfTheKnownExceptions()
    {
        WriteOnce();
        string file = Path.Combine(Output, "config.json");
        byte[] good = File.ReadAllBytes(file);
        var random = new Random(11);
        for (int trial = 0; trial < 400; trial++)
        {
            byte[] bad = [.. good];
            for (int change = random.Next(1, 4); change > 0; change--)
            {
                bad[random.Next(bad.Length)] = (byte)random.Next(32, 127);
            }

            File.WriteAllBytes(file, bad);
            Exception? exception = Record.Exception(() => QuantizedCheckpoint.Open(Output).Dispose());
            Assert.True(
                exception is null or InvalidCheckpointException or InvalidModelConfigException or UnsupportedModelException,
                exception?.ToString());
        }
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

    private MambaCheckpoint OpenSource(bool tied)
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
    private void WriteOnce()
    {
        lock (_written)
        {
            if (_written.Count == 0)
            {
                Write(QuantizationSchemes.Parse("W8A8"), tied: true, smoothsGate: true, _rotations);
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

    private void Write(QuantizationScheme scheme, bool tied, bool smoothsGate, ImmutableSortedDictionary<RotationSite, int>? rotations) =>
        Write(_ => scheme, scheme, tied, smoothsGate, rotations, long.MaxValue);

    private void Write(
        Func<int, QuantizationScheme> layers, QuantizationScheme ends, bool tied, bool smoothsGate, ImmutableSortedDictionary<RotationSite, int>? rotations, long maxShardBytes)
    {
        using MambaCheckpoint source = OpenSource(tied);
        _expectedLayers.ForEach(layer => layer.Dispose());
        _expectedLayers.Clear();
        _expectedEnds?.Dispose();
        var parts = new RandomQuantizedParts(_memory, source.Config, 5);
        using var writer = new QuantizedCheckpointWriter(Output, source, new QuantizedCheckpointOptions { MaxShardBytes = maxShardBytes });
        for (int layer = 0; layer < source.Config.LayerCount; layer++)
        {
            _expectedLayers.Add(parts.Layer(layer, layers(layer), rotations, smoothsGate));
        }

        _expectedEnds = parts.Ends(ends, tied);
        foreach (QuantizedLayer layer in _expectedLayers.AsEnumerable().Reverse())
        {
            writer.AddLayer(_memory, layer);
        }

        writer.AddEnds(_memory, _expectedEnds);
        writer.Complete(RandomQuantizedParts.Documents());
    }

    private void AssertReadsBack()
    {
        using QuantizedCheckpoint checkpoint = QuantizedCheckpoint.Open(Output);
        foreach (QuantizedLayer expected in _expectedLayers)
        {
            using QuantizedLayer layer = checkpoint.ReadLayer(_memory, expected.Layer);
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

        using QuantizedEnds ends = checkpoint.ReadEnds(_memory);
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
        _memory.Download(tensor, values.AsSpan());
        return values;
    }

    private Dictionary<string, byte[]> Files() =>
        Directory.EnumerateFiles(Output).ToDictionary(path => Path.GetFileName(path), File.ReadAllBytes, StringComparer.Ordinal);

    private void Overwrite(string tensor, int offset, byte[] bytes)
    {
        string path = Path.Combine(Output, "model.safetensors");
        long position;
        using (SafetensorsFile file = SafetensorsFile.Open(path))
        {
            Assert.True(file.TryGet(tensor, out SafetensorsEntry? entry));
            position = entry.Offset + offset;
        }

        using FileStream stream = File.OpenWrite(path);
        stream.Position = position;
        stream.Write(bytes);
    }
}
