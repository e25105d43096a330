using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Inference;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Models;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Inference;

public sealed class SelfSamplerTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly CpuKernels _kernels = new();

    public void Dispose()
    {
        _directory.Dispose();
        _kernels.Dispose();
    }

    [Fact]
    public void Sequences_AreThoseOfAGeneratorWithTheirStream()
    {
        using MambaLanguageModel model = Load(new SyntheticMamba());
        CalibrationSet set = SelfSampler.Sample(_kernels, model, samples: 5, sequenceLength: 12, seed: 9);
        Assert.Equal("self", set.Source);
        Assert.Equal((5, 12), (set.Sequences.Count, set.SequenceLength));
        Assert.All(set.Sequences, sequence => Assert.Equal(0, sequence[0]));
        Assert.All(set.Sequences.SelectMany(sequence => sequence), token => Assert.InRange(token, 0, 63));

        // Stream 0 of a seed is what the generator draws from.
        IReadOnlyList<int> alone = TextGenerator.Generate(
            _kernels, model, [0], new GenerationOptions { MaxTokens = 11, Seed = 9, StopsAtEndOfText = false });
        Assert.Equal(alone, set.Sequences[0][1..]);
        Assert.Equal(5, set.Sequences.Select(sequence => string.Join(' ', sequence)).Distinct().Count());
    }

    [Fact]
    public void BatchSize_ChangesNothing()
    {
        using MambaLanguageModel model = Load(new SyntheticMamba());
        CalibrationSet Run(int batch, ulong seed) => SelfSampler.Sample(_kernels, model, 0, 7, 9, seed, batch, progress: null, CancellationToken.None);
        string expected = Run(7, 3).Sha256;
        Assert.Equal(expected, Run(1, 3).Sha256);
        Assert.Equal(expected, Run(3, 3).Sha256);
        Assert.NotEqual(expected, Run(3, 4).Sha256);
    }

    [Fact]
    public void Progress_EndsWithAllTokens()
    {
        using MambaLanguageModel model = Load(new SyntheticMamba());
        var seen = new List<long>();
        SelfSampler.Sample(_kernels, model, 0, 3, 4, seed: 1, batch: 2, new Listener(seen), CancellationToken.None);
        Assert.Equal([2, 4, 6, 9, 10, 11, 12], seen);
    }

    [Fact]
    public void ModelWithoutAFirstToken_IsRefused()
    {
        using MambaLanguageModel model = Load(new SyntheticMamba { Config = new SyntheticMamba().Config with { EndOfTextToken = null, BeginOfTextToken = null } });
        Assert.Contains("eos_token_id", Assert.Throws<ArgumentException>(() => SelfSampler.Sample(_kernels, model, 1, 2, 0)).Message, StringComparison.Ordinal);
    }

    private MambaLanguageModel Load(SyntheticMamba synthetic)
    {
        synthetic.Write(_directory.Path);
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(_directory.Path);
        return MambaLanguageModels.LoadFloat(_kernels, checkpoint);
    }

    private sealed class Listener(List<long> seen) : IProgress<long>
    {
        public void Report(long value) => seen.Add(value);
    }
}
