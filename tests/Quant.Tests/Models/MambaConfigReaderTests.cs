using System.Text;
using System.Text.Json.Nodes;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Models;

public sealed class MambaConfigReaderTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Config_EveryFieldIsRead()
    {
        MambaConfig expected = new()
        {
            VocabularySize = 101,
            DModel = 20,
            DInner = 60,
            DState = 5,
            DConv = 3,
            DtRank = 7,
            LayerCount = 9,
            NormEpsilon = 3e-6f,
            UseBias = true,
            UseConvBias = false,
            TieEmbeddings = false,
            EndOfTextToken = 2,
            BeginOfTextToken = 1,
        };
        Assert.Equal(expected, Read(new SyntheticMamba { Config = expected }.ConfigJson()));
    }

    [Fact]
    public void Config_DefaultsAreThoseOfHuggingFace()
    {
        MambaConfig config = Read(new JsonObject { ["model_type"] = "mamba", ["vocab_size"] = 10, ["hidden_size"] = 40, ["num_hidden_layers"] = 1 });
        Assert.Equal(80, config.DInner);
        Assert.Equal(16, config.DState);
        Assert.Equal(4, config.DConv);
        Assert.Equal(3, config.DtRank);
        Assert.Equal(1e-5f, config.NormEpsilon);
        Assert.False(config.UseBias);
        Assert.True(config.UseConvBias);
        Assert.True(config.TieEmbeddings);
        Assert.Null(config.EndOfTextToken);
    }

    [Theory]
    [InlineData("time_step_rank", "\"auto\"", 2)]
    [InlineData("time_step_rank", "5", 5)]
    public void TimeStepRank_IsANumberOrAutomatic(string name, string value, int expected)
    {
        JsonObject json = new SyntheticMamba().ConfigJson();
        json[name] = JsonNode.Parse(value);
        Assert.Equal(expected, Read(json).DtRank);
    }

    [Fact]
    public void OlderNames_AreTakenWhereTheNewerAreAbsent()
    {
        JsonObject json = new SyntheticMamba().ConfigJson();
        json.Remove("hidden_size");
        json.Remove("num_hidden_layers");
        json.Remove("intermediate_size");
        json["d_model"] = 10;
        json["n_layer"] = 3;
        json["d_inner"] = 30;
        MambaConfig config = Read(json);
        Assert.Equal((10, 3, 30), (config.DModel, config.LayerCount, config.DInner));
    }

    [Theory]
    [InlineData("d_model", "25")]
    [InlineData("n_layer", "3")]
    [InlineData("d_inner", "47")]
    [InlineData("expand", "3")]
    [InlineData("hidden_size", "24.5")]
    [InlineData("hidden_size", "\"24\"")]
    [InlineData("hidden_size", "0")]
    [InlineData("hidden_size", "99999999999")]
    [InlineData("vocab_size", "-1")]
    [InlineData("vocab_size", "null")]
    [InlineData("state_size", "[]")]
    [InlineData("conv_kernel", "0")]
    [InlineData("time_step_rank", "\"automatic\"")]
    [InlineData("time_step_rank", "0")]
    [InlineData("layer_norm_epsilon", "0")]
    [InlineData("layer_norm_epsilon", "1e400")]
    [InlineData("use_bias", "1")]
    [InlineData("tie_word_embeddings", "\"yes\"")]
    [InlineData("eos_token_id", "64")]
    [InlineData("eos_token_id", "[\"a\"]")]
    public void WrongField_IsNamed(string name, string value)
    {
        JsonObject json = new SyntheticMamba().ConfigJson();
        json[name] = JsonNode.Parse(value);
        InvalidModelConfigException exception = Assert.Throws<InvalidModelConfigException>(() => Read(json));
        Assert.Contains($"'{name}'", exception.Message, StringComparison.Ordinal);
        Assert.Contains("expected", exception.Message, StringComparison.Ordinal);
        Assert.Contains(_directory.Path, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SeveralProblems_AreReportedTogether()
    {
        JsonObject json = new SyntheticMamba().ConfigJson();
        json["state_size"] = "x";
        json["conv_kernel"] = -1;
        json.Remove("vocab_size");
        InvalidModelConfigException exception = Assert.Throws<InvalidModelConfigException>(() => Read(json));
        Assert.Contains("3 problems", exception.Message, StringComparison.Ordinal);
        Assert.Contains("state_size", exception.Message, StringComparison.Ordinal);
        Assert.Contains("conv_kernel", exception.Message, StringComparison.Ordinal);
        Assert.Contains("'vocab_size' is missing", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mamba2")]
    [InlineData("falcon_mamba")]
    [InlineData("jamba")]
    [InlineData("llama")]
    public void OtherFamilies_AreRefusedByName(string kind)
    {
        JsonObject json = new SyntheticMamba().ConfigJson();
        json["model_type"] = kind;
        UnsupportedModelException exception = Assert.Throws<UnsupportedModelException>(() => Read(json));
        Assert.Contains($"'{kind}'", exception.Message, StringComparison.Ordinal);
        Assert.Contains("MambaForCausalLM", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OriginalLayout_IsRefusedWithTheConversion()
    {
        JsonObject json = new() { ["d_model"] = 768, ["n_layer"] = 24, ["vocab_size"] = 50277, ["ssm_cfg"] = new JsonObject(), ["rms_norm"] = true };
        UnsupportedModelException exception = Assert.Throws<UnsupportedModelException>(() => Read(json));
        Assert.Contains("convert_mamba_ssm_checkpoint_to_pytorch", exception.Message, StringComparison.Ordinal);
        Assert.Contains("mamba-130m-hf", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hidden_act", "\"gelu\"")]
    [InlineData("rms_norm", "false")]
    [InlineData("ssm_cfg", "{\"layer\": \"Mamba2\"}")]
    public void OtherVariants_AreRefused(string name, string value)
    {
        JsonObject json = new SyntheticMamba().ConfigJson();
        json[name] = JsonNode.Parse(value);
        Assert.Contains(name, Assert.Throws<UnsupportedModelException>(() => Read(json)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"model_type\": \"mamba\"")]
    [InlineData("{\"model_type\": \"mamba\", \"model_type\": \"mamba\"}")]
    [InlineData("{\"model_type\": \"\\ud800\"}")]
    [InlineData("{\"\\ud800\": 1}")]
    public void DamagedFile_IsRefused(string json)
    {
        _directory.Write("config.json", Encoding.UTF8.GetBytes(json));
        Assert.Throws<InvalidModelConfigException>(() => MambaConfigReader.Read(_directory.Path));
    }

    [Fact]
    public void OtherBytesThanText_AreRefused()
    {
        _directory.Write("config.json", [0x7B, 0xFF, 0xFE, 0x7D]);
        Assert.Throws<InvalidModelConfigException>(() => MambaConfigReader.Read(_directory.Path));
    }

    [Fact]
    public void MissingFile_IsNamed()
    {
        _directory.Write("model.safetensors", []);
        Assert.Contains("config.json", Assert.Throws<InvalidModelConfigException>(() => MambaConfigReader.Read(_directory.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FolderOfSomethingElse_IsUnsupported() =>
        Assert.Throws<UnsupportedModelException>(() => MambaConfigReader.Read(_directory.Path));

    [Fact]
    public void RandomlyDamagedFiles_GiveOneOfTheTwoExceptions()
    {
        byte[] good = Encoding.UTF8.GetBytes(new SyntheticMamba().ConfigJson().ToJsonString());
        var random = new Random(7);
        for (int trial = 0; trial < 2000; trial++)
        {
            byte[] bad = [.. good];
            for (int change = random.Next(1, 4); change > 0; change--)
            {
                bad[random.Next(bad.Length)] = (byte)random.Next(256);
            }

            _directory.Write("config.json", random.Next(4) == 0 ? bad.AsSpan(0, random.Next(bad.Length)) : bad);
            Exception? exception = Record.Exception(() => MambaConfigReader.Read(_directory.Path));
            Assert.True(exception is null or InvalidModelConfigException or UnsupportedModelException, exception?.ToString());
        }
    }

    [SharedDataFact]
    public void TrainedModel_IsRead()
    {
        MambaConfig config = MambaConfigReader.Read(SharedData.Path("models", "mamba-wt2-5m"));
        Assert.Equal(new SyntheticMamba().Config with
        {
            VocabularySize = 4096,
            DModel = 256,
            DInner = 512,
            DState = 16,
            DtRank = 16,
            LayerCount = 8,
        }, config);
    }

    private MambaConfig Read(JsonObject json)
    {
        _directory.Write("config.json", Encoding.UTF8.GetBytes(json.ToJsonString()));
        return MambaConfigReader.Read(_directory.Path);
    }
}
