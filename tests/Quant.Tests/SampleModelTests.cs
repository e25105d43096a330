using System.Text;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Tensors;
using MambaQuant.Quant.Tokenization;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests;

public sealed class SampleModelTests
{
    [Fact]
    public void Weights_AreFiniteHalves()
    {
        using CheckpointTensors sample = CheckpointTensors.Open(Repository.Path("samples", "mamba-5m"));
        long parameters = 0;
        foreach (string name in sample.Names)
        {
            Assert.Equal(DType.F16, sample.Get(name).Entry.DType);
            float[] values = sample.Get(name).ReadFloat32();
            Assert.All(values, value => Assert.True(float.IsFinite(value)));
            parameters += values.Length;
        }

        Assert.Equal(4_552_960, parameters);
    }

    [SharedDataFact]
    public void Weights_AreTheTrainedOnesRoundedToHalf()
    {
        using CheckpointTensors sample = CheckpointTensors.Open(Repository.Path("samples", "mamba-5m"));
        using CheckpointTensors trained = CheckpointTensors.Open(SharedData.Path("models", "mamba-wt2-5m"));
        Assert.Equal(trained.Names, sample.Names);
        foreach (string name in trained.Names)
        {
            float[] rounded = Array.ConvertAll(trained.Get(name).ReadFloat32(), value => (float)(Half)value);
            Assert.Equal(rounded, sample.Get(name).ReadFloat32());
        }
    }

    [Fact]
    public void EvaluationText_HasTheFormOfItsModelsText()
    {
        byte[] bytes = File.ReadAllBytes(Repository.Path("samples", "mamba-5m", "eval.txt"));
        Assert.InRange(bytes.Length, 19_000, 21_000);
        string text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        string[] lines = text.Split('\n');
        Assert.Equal("", lines[^1]);
        Assert.All(lines[..^1], line => Assert.True(line == " " || (line.StartsWith(' ') && line.EndsWith(' ')), line));
        Assert.Contains(" @-@ ", text, StringComparison.Ordinal);
        Assert.Contains(" @,@ ", text, StringComparison.Ordinal);
        Assert.DoesNotContain("  ", text, StringComparison.Ordinal);
    }

    [Fact]
    public void EvaluationText_HasTheTokensThatTheReadmeCounts()
    {
        BytePairTokenizer tokenizer = BytePairTokenizer.Load(Repository.Path("samples", "mamba-5m", "tokenizer.json"));
        int[] tokens = tokenizer.Encode(File.ReadAllText(Repository.Path("samples", "mamba-5m", "eval.txt")));

        // Counted by an independent tokenizer.
        Assert.Equal(5_193, tokens.Length);
    }
}
