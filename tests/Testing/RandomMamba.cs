using System.Collections.Immutable;
using MambaQuant.Quant.Models;

namespace MambaQuant.Testing;

/// <summary>Draws small Mamba-1 models of awkward dimensions, for property tests: the same seed gives the same model.</summary>
/// <remarks>Every width has a Hadamard matrix, most are no power of two; weights have heavy tails, biases come and go.</remarks>
public static class RandomMamba
{
    private static readonly ImmutableArray<int> _widths = [12, 16, 20, 24, 28, 36, 40, 48];
    private static readonly ImmutableArray<int> _states = [4, 8, 12, 16];
    private static readonly ImmutableArray<int> _ranks = [1, 2, 4, 12];
    private static readonly ImmutableArray<int> _taps = [2, 3, 4];

    /// <summary>Draws a model.</summary>
    /// <param name="seed">The seed.</param>
    /// <returns>A description that <see cref="SyntheticMamba.Write"/> makes a checkpoint of.</returns>
    public static SyntheticMamba Draw(int seed)
    {
        var random = new Random(seed);
        int width = Pick(random, _widths);
        return new SyntheticMamba
        {
            Seed = seed,
            TailWeight = 0.8 * random.NextDouble(),
            Config = new MambaConfig
            {
                VocabularySize = random.Next(17, 60),
                DModel = width,
                DInner = random.Next(3) == 0 ? Pick(random, _widths) : 2 * width,
                DState = Pick(random, _states),
                DConv = Pick(random, _taps),
                DtRank = Pick(random, _ranks),
                LayerCount = random.Next(1, 4),
                NormEpsilon = 1e-5f,
                UseBias = random.Next(2) == 0,
                UseConvBias = random.Next(2) == 0,
                TieEmbeddings = random.Next(2) == 0,
                EndOfTextToken = 0,
                BeginOfTextToken = 0,
            },
        };
    }

    /// <summary>Draws token ids.</summary>
    /// <param name="config">The model's dimensions.</param>
    /// <param name="count">How many.</param>
    /// <param name="seed">The seed.</param>
    public static int[] Tokens(MambaConfig config, int count, int seed)
    {
        ArgumentNullException.ThrowIfNull(config);
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(config.VocabularySize))];
    }

    private static T Pick<T>(Random random, ImmutableArray<T> values) => values[random.Next(values.Length)];
}
