using MambaQuant.Quant.Inference;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Tensors;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Inference;

public sealed class TextGeneratorTests : IDisposable
{
    private static readonly SamplingOptions _greedy = new() { Temperature = 0 };

    private readonly TemporaryDirectory _directory = new();
    private readonly CpuKernels _kernels = new();
    private readonly MambaLanguageModel _model;

    public TextGeneratorTests()
    {
        new SyntheticMamba().Write(_directory.Path);
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(_directory.Path);
        _model = MambaLanguageModels.LoadFloat(_kernels, checkpoint);
    }

    public void Dispose()
    {
        _model.Dispose();
        _kernels.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public void Greedy_TakesTheMostLikelyTokenEachTime()
    {
        var text = new List<int> { 5, 9, 3 };
        IReadOnlyList<int> made = TextGenerator.Generate(
            _kernels, _model, text.ToArray(), new GenerationOptions { MaxTokens = 6, Sampling = _greedy, StopsAtEndOfText = false });
        foreach (int token in made)
        {
            Assert.Equal(MostLikely([.. text]), token);
            text.Add(token);
        }

        Assert.Equal(6, made.Count);
    }

    [Fact]
    public void SameSeed_GivesTheSameText()
    {
        IReadOnlyList<int> Run(ulong seed) => TextGenerator.Generate(
            _kernels, _model, [1, 2], new GenerationOptions { MaxTokens = 30, Seed = seed, StopsAtEndOfText = false });
        Assert.Equal(Run(1), Run(1));
        Assert.NotEqual(Run(1), Run(2));
    }

    [Fact]
    public void TopOne_IsGreedy()
    {
        IReadOnlyList<int> Run(SamplingOptions sampling) => TextGenerator.Generate(
            _kernels, _model, [7], new GenerationOptions { MaxTokens = 10, Sampling = sampling, StopsAtEndOfText = false });
        Assert.Equal(Run(_greedy), Run(new SamplingOptions { TopK = 1 }));
        Assert.Equal(Run(_greedy), Run(new SamplingOptions { TopP = 1e-9 }));
    }

    [Fact]
    public void EveryToken_IsToldAsItIsMade()
    {
        var told = new List<int>();
        IReadOnlyList<int> made = TextGenerator.Generate(
            _kernels, _model, [7], new GenerationOptions { MaxTokens = 5, StopsAtEndOfText = false }, told.Add);
        Assert.Equal(made, told);
    }

    [Fact]
    public void EndOfText_StopsWithoutBeingReturned()
    {
        // Among 64 nearly equal tokens the end-of-text token comes soon at a high temperature.
        IReadOnlyList<int> made = TextGenerator.Generate(
            _kernels, _model, [7], new GenerationOptions { MaxTokens = 2000, Sampling = new SamplingOptions { Temperature = 100 } });
        Assert.True(made.Count < 2000);
        Assert.DoesNotContain(0, made);
    }

    [Fact]
    public void LongPrompt_IsReadInPieces()
    {
        int[] prompt = [.. Enumerable.Range(0, 1300).Select(i => i * 7 % 64)];
        IReadOnlyList<int> made = TextGenerator.Generate(_kernels, _model, prompt, new GenerationOptions { MaxTokens = 1, Sampling = _greedy, StopsAtEndOfText = false });
        Assert.Equal(MostLikely(prompt), made[0]);
    }

    [Fact]
    public void EmptyPrompt_BeginsAtTheEndOfText()
    {
        GenerationOptions options = new() { MaxTokens = 4, Sampling = _greedy, StopsAtEndOfText = false };
        Assert.Equal(TextGenerator.Generate(_kernels, _model, [0], options), TextGenerator.Generate(_kernels, _model, [], options));
    }

    [Theory]
    [InlineData(-1, 0, 1)]
    [InlineData(double.NaN, 0, 1)]
    [InlineData(1, -1, 1)]
    [InlineData(1, 0, 0)]
    [InlineData(1, 0, 1.5)]
    public void OptionsOutOfRange_AreRefused(double temperature, int topK, double topP) => Assert.Throws<ArgumentOutOfRangeException>(() => TextGenerator.Generate(
        _kernels, _model, [1], new GenerationOptions { Sampling = new SamplingOptions { Temperature = temperature, TopK = topK, TopP = topP } }));

    private int MostLikely(int[] tokens)
    {
        using ModelState state = ModelState.Zero(_kernels, _model.Config, 1);
        using Tensor logits = _model.Logits(_kernels, tokens, 1, state);
        var values = new float[logits.Shape.ElementCount];
        _kernels.Download(logits, values.AsSpan());
        float[] last = values[^_model.Config.VocabularySize..];
        return Array.IndexOf(last, last.Max());
    }
}
