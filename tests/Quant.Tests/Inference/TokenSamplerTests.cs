using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Inference;
using MambaQuant.Quant.Kernels;
using Xunit;

namespace MambaQuant.Quant.Tests.Inference;

public sealed class TokenSamplerTests
{
    private static readonly float[] _logits = [0, 1, 2, -1, 2, float.MinValue];

    [Theory]
    [InlineData(1, 0, 1)]
    [InlineData(0.5, 0, 1)]
    [InlineData(2, 3, 1)]
    [InlineData(1, 0, 0.75)]
    [InlineData(1, 4, 0.9)]
    public void Frequencies_AreTheProbabilities(double temperature, int topK, double topP)
    {
        const int Draws = 40_000;
        double[] expected = Probabilities(temperature, topK, topP);
        var counts = new int[_logits.Length];
        var random = new SeededRandom(17);
        var options = new SamplingOptions { Temperature = temperature, TopK = topK, TopP = topP };
        for (int i = 0; i < Draws; i++)
        {
            counts[TokenSampler.Choose(_logits, options, random)]++;
        }

        for (int i = 0; i < counts.Length; i++)
        {
            // Five standard deviations of a binomial count.
            double deviation = 5 * Math.Sqrt(Draws * expected[i] * (1 - expected[i]));
            Assert.InRange(counts[i], (Draws * expected[i]) - deviation, (Draws * expected[i]) + deviation);
        }
    }

    [Fact]
    public void TemperatureZero_TakesTheFirstOfEquals() =>
        Assert.Equal(2, TokenSampler.Choose(_logits, new SamplingOptions { Temperature = 0 }, new SeededRandom(1)));

    [Fact]
    public void LargeLogits_DoNotOverflow() =>
        Assert.Equal(1, TokenSampler.Choose([-3e38f, 3e38f, 0], new SamplingOptions(), new SeededRandom(1)));

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void NonFiniteLogit_IsNeverChosenFrom(float value) =>
        Assert.Throws<NumericalException>(() => TokenSampler.Choose([1, value], new SamplingOptions(), new SeededRandom(1)));

    /// <summary>The definition, by sorting: top-k first, then the shortest list that covers top-p of what is left.</summary>
    private static double[] Probabilities(double temperature, int topK, double topP)
    {
        var ranked = _logits.Select((logit, index) => (Weight: Math.Exp((logit - 2) / temperature), Index: index))
            .OrderByDescending(pair => pair.Weight).ThenBy(pair => pair.Index).Take(topK == 0 ? _logits.Length : topK).ToList();
        double total = ranked.Sum(pair => pair.Weight);
        var probabilities = new double[_logits.Length];
        double covered = 0;
        foreach ((double weight, int index) in ranked)
        {
            if (covered < topP * total)
            {
                probabilities[index] = weight;
                covered += weight;
            }
        }

        return [.. probabilities.Select(weight => weight / covered)];
    }
}
