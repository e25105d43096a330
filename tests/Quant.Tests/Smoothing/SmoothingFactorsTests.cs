using MambaQuant.Quant.Smoothing;
using Xunit;

namespace MambaQuant.Quant.Tests.Smoothing;

public sealed class SmoothingFactorsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(13)]
    [InlineData(200)]
    public void Factors_AreTheFormula(int channels)
    {
        var random = new Random(channels);
        foreach (double alpha in new[] { 0, 0.25, 0.5, 0.9, 1 })
        {
            float[] a = Magnitudes(random, channels), w = Magnitudes(random, channels);
            double[] raw = [.. a.Zip(w, (x, y) => Math.Pow(x, alpha) / Math.Pow(y, 1 - alpha))];
            double mean = raw.Aggregate(1.0, (product, value) => product * Math.Pow(value, 1.0 / channels));

            // Measured: 3e-15, the rounding of the reference's long product.
            Assert.All(
                SmoothingFactors.Compute(a, w, alpha).Zip(raw, (s, value) => s * mean / value),
                ratio => Assert.Equal(1, ratio, 1e-12));
        }
    }

    [Fact]
    public void GeometricMean_IsOne()
    {
        var random = new Random(2);
        for (int round = 0; round < 20; round++)
        {
            double[] factors = SmoothingFactors.Compute(Magnitudes(random, 31), Magnitudes(random, 31), random.NextDouble());
            Assert.Equal(0, factors.Average(Math.Log), 1e-12);
        }
    }

    [Fact]
    public void FullStrength_EqualisesActivations_NoneEqualisesWeights_HalfBoth()
    {
        var random = new Random(3);
        float[] a = Magnitudes(random, 24), w = Magnitudes(random, 24);
        AssertEqual(a.Zip(SmoothingFactors.Compute(a, w, 1), (x, s) => x / s));
        AssertEqual(w.Zip(SmoothingFactors.Compute(a, w, 0), (x, s) => x * s));
        double[] half = SmoothingFactors.Compute(a, w, 0.5);
        AssertEqual(Enumerable.Range(0, 24).Select(c => a[c] / half[c] / (w[c] * half[c])));
    }

    [Fact]
    public void CommonScales_ChangeNothing()
    {
        var random = new Random(4);
        float[] a = Magnitudes(random, 9), w = Magnitudes(random, 9);
        double[] factors = SmoothingFactors.Compute(a, w, 0.3);
        double[] scaled = SmoothingFactors.Compute([.. a.Select(x => 1024 * x)], [.. w.Select(x => x / 64)], 0.3);
        Assert.All(factors.Zip(scaled), pair => Assert.Equal(pair.First, pair.Second, 1e-12 * pair.First));
    }

    [Fact]
    public void DeadChannels_AreNeutral_AndTakeNoPart()
    {
        double[] factors = SmoothingFactors.Compute([4, 0, 9, 7, 0], [1, 5, 2, 0, 0], 0.5);
        double[] live = SmoothingFactors.Compute([4, 9], [1, 2], 0.5);
        Assert.Equal([live[0], 1, live[1], 1, 1], factors);
        Assert.Equal([1.0, 1.0], SmoothingFactors.Compute([0, 0], [3, 0], 0.5));
        Assert.Empty(SmoothingFactors.Compute([], [], 0.5));
    }

    [Fact]
    public void ExtremeMagnitudes_GiveUsableFactors() => Assert.All(
        SmoothingFactors.Compute([float.MaxValue, float.Epsilon, 1], [float.Epsilon, float.MaxValue, 1], 0.5),
        factor => Assert.True(factor > 0 && double.IsFinite(factor)));

    [Theory]
    [InlineData(-0.01)]
    [InlineData(1.01)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void StrengthOutsideItsRange_IsRefused(double alpha)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => SmoothingFactors.Compute([1], [1], alpha));

        // The other NaN: its sign bit is clear, so that comparisons by sign let it through.
        Assert.Throws<ArgumentOutOfRangeException>(() => SmoothingFactors.Compute([1], [1], -alpha - 2));
    }

    [Fact]
    public void UnusableMagnitudes_AreRefusedByChannel()
    {
        Assert.Throws<ArgumentException>(() => SmoothingFactors.Compute([1, 2], [1], 0.5));
        foreach (float bad in new[] { -1f, float.NaN, float.PositiveInfinity })
        {
            Assert.Contains("channel 1", Assert.Throws<ArgumentException>(() => SmoothingFactors.Compute([1, bad], [1, 1], 0.5)).Message, StringComparison.Ordinal);
            Assert.Contains("channel 0", Assert.Throws<ArgumentException>(() => SmoothingFactors.Compute([1, 1], [bad, 1], 0.5)).Message, StringComparison.Ordinal);
        }
    }

    private static float[] Magnitudes(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => (float)Math.Exp((6 * random.NextDouble()) - 3))];

    private static void AssertEqual(IEnumerable<double> values)
    {
        double[] all = [.. values];
        Assert.All(all, value => Assert.Equal(all[0], value, 1e-12 * all[0]));
    }
}
