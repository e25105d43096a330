using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Quantization;
using Xunit;

namespace MambaQuant.Quant.Tests.Quantization;

public sealed class ValueDistributionTests
{
    [Fact]
    public void Moments_AreThoseOfTheValues()
    {
        float[] values = RangeFitTests.Sample("heavy");
        ValueDistribution counted = RangeFitTests.Count(values);

        Assert.Equal(values.Length, counted.Total);
        Assert.Equal(values.Min(), counted.Minimum);
        Assert.Equal(values.Max(), counted.Maximum);

        // Bins are 1/32 of an octave wide; measured difference 0.12 %.
        double meanSquare = values.Sum(value => (double)value * value) / values.Length;
        Assert.InRange(counted.MeanSquare, meanSquare * 0.998, meanSquare * 1.002);
    }

    [Fact]
    public void Quantiles_AscendFromMinimumToMaximum()
    {
        ValueDistribution counted = RangeFitTests.Count(RangeFitTests.Sample("normal"));
        double[] quantiles = [.. Enumerable.Range(0, 1001).Select(i => counted.Quantile(i / 1000.0))];

        Assert.Equal(quantiles.Order(), quantiles);
        Assert.Equal(counted.Minimum, quantiles[0]);
        Assert.Equal(counted.Maximum, quantiles[^1]);
        Assert.InRange(quantiles[500], -0.03, 0.03);
    }

    [Fact]
    public void ErrorOfEvenlySpreadValues_IsATwelfthOfTheSquaredStep()
    {
        long[] counts = new long[HistogramBins.ValueBinCount];
        counts[HistogramBins.ValueBin(1f)] = 7;

        // One bin, from 1 to 33/32, cut into 1,000 steps: every value is rounded, none is clipped.
        ValueDistribution counted = ValueDistribution.FromValues(counts, 1, 1 + (1 / 32f));
        const double Step = 1 / 32000.0;
        Assert.Equal(Step * Step / 12, counted.MeanSquaredError(Step, -40_000, 40_000), 15);

        // All beyond the last level 1: ∫ (x − 1)² over the bin = width²/3.
        Assert.Equal(Math.Pow(1 / 32.0, 2) / 3, counted.MeanSquaredError(1, -1, 1), 12);
        Assert.Equal(0.5, counted.ClippedShare(-1, 1 + (1 / 64.0)), 12);
    }

    [Fact]
    public void PointMass_IsRoundedAsAPoint()
    {
        long[] counts = new long[HistogramBins.ValueBinCount];
        counts[HistogramBins.ValueBin(2.5f)] = 3;
        ValueDistribution counted = ValueDistribution.FromValues(counts, 2.5f, 2.5f);

        Assert.Equal(0.25, counted.MeanSquaredError(1, -8, 8));
        Assert.Equal(2.25, counted.MeanSquaredError(1, -1, 1));
        Assert.Equal(1, counted.ClippedShare(-1, 1));
        Assert.Equal(0, counted.ClippedShare(-3, 3));
    }

    [Fact]
    public void BinsThatContradictTheExtremes_AreRefused()
    {
        long[] counts = new long[HistogramBins.ValueBinCount];
        counts[HistogramBins.ValueBin(-5f)] = 1;

        Assert.Throws<ArgumentException>(() => ValueDistribution.FromValues(counts, -1, 1));
        Assert.Throws<ArgumentException>(() => ValueDistribution.FromValues(new long[3], -1, 1));
        Assert.Throws<ArgumentException>(() => ValueDistribution.FromMagnitudes(counts.AsSpan(0, HistogramBins.MagnitudeBinCount), -1));
    }

    [Fact]
    public void NoValues_HaveNoErrorAndNoQuantile()
    {
        ValueDistribution empty = ValueDistribution.FromValues(new long[HistogramBins.ValueBinCount], 0, 0);

        Assert.Equal(0, empty.MeanSquare);
        Assert.Equal(0, empty.MeanSquaredError(1, -1, 1));
        Assert.Throws<InvalidOperationException>(() => empty.Quantile(0.5));
    }
}
