using System.Text.Json.Nodes;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Checkpoints;

public sealed class QuantizedCheckpointWriterTests : CheckpointTestBase
{
    [Fact]
    public void SameParts_GiveTheSameBytes()
    {
        QuantizationScheme scheme = QuantizationSchemes.Parse("W4A8");
        Write(scheme, tied: false, smoothsGate: true, AllRotations);
        Dictionary<string, byte[]> first = Files();
        Directory.Delete(Output, recursive: true);
        Write(scheme, tied: false, smoothsGate: true, AllRotations);
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
        Assert.Contains("holds mine.txt, expected a new or empty folder", Assert.Throws<OutputDirectoryException>(() => new QuantizedCheckpointWriter(Output, source)).Message, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(Path.Combine(Output, "mine.txt")));
        Directory.CreateDirectory(Source + ".other.partial");
        File.WriteAllText(Path.Combine(Source + ".other.partial", "mine.txt"), "mine");
        Assert.Contains("not made by this program", Assert.Throws<OutputDirectoryException>(() => new QuantizedCheckpointWriter(Source + ".other", source)).Message, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(Source + ".other.partial", "mine.txt")));
    }

    [Fact]
    public void UnfinishedCheckpoint_LeavesNothing()
    {
        using MambaCheckpoint source = OpenSource(tied: true);
        QuantizationScheme scheme = QuantizationSchemes.Parse("W8A8");
        var parts = new RandomQuantizedParts(Kernels, source.Config, 3);
        using (var writer = new QuantizedCheckpointWriter(Output, source))
        using (QuantizedEnds ends = parts.Ends(scheme, tied: true))
        {
            writer.AddEnds(Kernels, ends);
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
}
