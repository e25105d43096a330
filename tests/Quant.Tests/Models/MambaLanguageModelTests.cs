using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Tensors;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Models;

public sealed class MambaLanguageModelTests : IDisposable
{
    private static readonly MambaConfig _plain = new SyntheticMamba().Config;

    private readonly TemporaryDirectory _directory = new();
    private readonly CpuKernels _kernels = new();

    public void Dispose()
    {
        _directory.Dispose();
        _kernels.Dispose();
    }

    public static TheoryData<string> Configs() => [.. _configs.Keys];

    private static readonly Dictionary<string, MambaConfig> _configs = new()
    {
        ["plain"] = _plain,
        ["biases"] = _plain with { UseBias = true },
        ["no convolution bias"] = _plain with { UseConvBias = false },
        ["separate head"] = _plain with { TieEmbeddings = false },
        ["one tap"] = _plain with { DConv = 1 },
        ["seven taps"] = _plain with { DConv = 7 },
        ["one state"] = _plain with { DState = 1 },
        ["odd states"] = _plain with { DState = 13 },
        ["rank one"] = _plain with { DtRank = 1 },
        ["expand three"] = _plain with { DInner = 72, DtRank = 5 },
        ["narrower inside"] = _plain with { DInner = 17, UseBias = true },
        ["odd widths"] = _plain with { DModel = 23, DInner = 45, VocabularySize = 51, LayerCount = 3 },
        ["large epsilon"] = _plain with { NormEpsilon = 0.5f },
    };

    [Theory]
    [MemberData(nameof(Configs))]
    public void EveryConfigField_IsHonoured(string name)
    {
        MambaConfig config = _configs[name];
        IReadOnlyDictionary<string, float[]> weights = new SyntheticMamba { Config = config, Seed = 3 }.Write(_directory.Path);
        int[] tokens = Tokens(config, 2 * 19);
        using MambaLanguageModel model = Load();
        float[] found = Logits(model, tokens, batch: 2);
        var slow = new SlowMamba(config, weights);
        double[] expected = [.. slow.Logits(tokens.AsSpan(0, 19)), .. slow.Logits(tokens.AsSpan(19))];
        double largest = expected.Max(Math.Abs);

        // Measured: at most 7.7e-6 of the largest logit ("biases"), the others at most 3.4e-6.
        Assert.All(expected.Zip(found), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, 1e-4 * largest));
    }

    [Theory]
    [MemberData(nameof(Configs))]
    public void TokenByToken_GivesTheBitsOfAPrefill(string name)
    {
        MambaConfig config = _configs[name];
        new SyntheticMamba { Config = config, Seed = 4 }.Write(_directory.Path);
        int[] tokens = Tokens(config, 3 * 11);
        using MambaLanguageModel model = Load();
        float[] prefill = Logits(model, tokens, batch: 3);
        AssertPieces(model, tokens, 3, prefill, [1]);
        AssertPieces(model, tokens, 3, prefill, [4, 1, 6]);
    }

    [SharedDataFact]
    public void TrainedModelTokenByToken_GivesTheBitsOfAPrefill()
    {
        using ReferenceModel reference = ReferenceModel.Open("mamba-wt2-5m");
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(reference.Directory);
        using MambaLanguageModel model = MambaLanguageModels.LoadFloat(_kernels, checkpoint);
        int[] tokens = reference.Tokens();
        AssertPieces(model, tokens, 2, Logits(model, tokens, batch: 2), [1]);
    }

    [Fact]
    public void SequenceInABatch_GivesItsBitsAlone()
    {
        new SyntheticMamba().Write(_directory.Path);
        int[] tokens = Tokens(_plain, 5 * 9);
        using MambaLanguageModel model = Load();
        float[] together = Logits(model, tokens, batch: 5);
        float[][] alone = [.. tokens.Chunk(9).Select(sequence => Logits(model, sequence, batch: 1))];
        Assert.Equal(together, alone.SelectMany(row => row));
    }

    [Fact]
    public void Threads_DoNotChangeABit()
    {
        new SyntheticMamba().Write(_directory.Path);
        int[] tokens = Tokens(_plain, 300);
        float[] Run(int threads)
        {
            using var kernels = new CpuKernels(new CpuKernelsOptions { Threads = threads });
            using MambaCheckpoint checkpoint = MambaCheckpoint.Open(_directory.Path);
            using MambaLanguageModel model = MambaLanguageModels.LoadFloat(kernels, checkpoint);
            return Logits(kernels, model, tokens, batch: 1);
        }

        Assert.Equal(Run(1), Run(3));
    }

    [Fact]
    public void DisposedModel_LeavesNoMemory()
    {
        new SyntheticMamba { Config = _plain with { TieEmbeddings = false, UseBias = true } }.Write(_directory.Path);
        using (MambaLanguageModel model = Load())
        {
            Logits(model, Tokens(_plain, 8), batch: 2);
        }

        Assert.Equal(0, _kernels.LiveBytes);
    }

    [Fact]
    public void TokensThatAreNoBatch_AreRefused()
    {
        new SyntheticMamba().Write(_directory.Path);
        using MambaLanguageModel model = Load();
        Assert.Throws<ArgumentException>(() => Logits(model, [1, 2, 3], batch: 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => Logits(model, [64], batch: 1));
    }

    private static int[] Tokens(MambaConfig config, int count)
    {
        var random = new Random(count);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(config.VocabularySize))];
    }

    private MambaLanguageModel Load()
    {
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(_directory.Path);
        return MambaLanguageModels.LoadFloat(_kernels, checkpoint);
    }

    private float[] Logits(MambaLanguageModel model, int[] tokens, int batch) => Logits(_kernels, model, tokens, batch);

    private static float[] Logits(IKernels kernels, MambaLanguageModel model, int[] tokens, int batch)
    {
        using ModelState state = ModelState.Zero(kernels, model.Config, batch);
        using Tensor logits = model.Logits(kernels, tokens, batch, state);
        var values = new float[logits.Shape.ElementCount];
        kernels.Download(logits, values.AsSpan());
        return values;
    }

    /// <summary>Runs the sequences in pieces of the given lengths, the last one again and again, and compares all logits.</summary>
    private void AssertPieces(MambaLanguageModel model, int[] tokens, int batch, float[] expected, int[] pieces)
    {
        int length = tokens.Length / batch, v = model.Config.VocabularySize;
        using ModelState state = ModelState.Zero(_kernels, model.Config, batch);
        for (int first = 0, piece = 0; first < length; piece++)
        {
            int count = Math.Min(pieces[Math.Min(piece, pieces.Length - 1)], length - first);
            int[] part = [.. Enumerable.Range(0, batch).SelectMany(sequence => tokens.AsSpan((sequence * length) + first, count).ToArray())];
            using Tensor logits = model.Logits(_kernels, part, batch, state);
            var values = new float[logits.Shape.ElementCount];
            _kernels.Download(logits, values.AsSpan());
            for (int sequence = 0; sequence < batch; sequence++)
            {
                Assert.Equal(
                    expected.AsSpan(((sequence * length) + first) * v, count * v).ToArray(),
                    values.AsSpan(sequence * count * v, count * v).ToArray());
            }

            first += count;
        }
    }
}
