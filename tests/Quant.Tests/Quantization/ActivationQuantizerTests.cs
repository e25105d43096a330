using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Statistics;
using Xunit;

namespace MambaQuant.Quant.Tests.Quantization;

public sealed class ActivationQuantizerTests
{
    private static readonly float[] Values = RangeFitTests.Sample("heavy");

    [Theory]
    [InlineData(RangeEstimator.MinMax, true)]
    [InlineData(RangeEstimator.Percentile, false)]
    [InlineData(RangeEstimator.MeanSquaredError, true)]
    [InlineData(RangeEstimator.MeanSquaredError, false)]
    public void Report_TellsTheNoiseThatRoundingTheValuesHas(RangeEstimator estimator, bool symmetric)
    {
        var args = new QuantizationArgs { Bits = 6, Range = estimator, Symmetric = symmetric, Percentile = 0.999 };
        (SiteQuantization quantizer, ActivationQuantizationReport report) = ActivationQuantizer.Fit(ActivationSite.ConvInput, args, Site(counted: true));

        var range = new FittedRange(args.Grid, quantizer.Scale, quantizer.ZeroPoint);
        double signal = Values.Sum(value => (double)value * value) / Values.Length;
        double measured = 10 * Math.Log10(signal / RangeFitTests.MeanSquaredError(Values, range));

        // Largest difference measured: 0.04 dB.
        Assert.InRange(report.Sqnr!.Value, measured - 0.1, measured + 0.1);
        Assert.Equal(quantizer.Scale, report.SmallestScale);
        Assert.Equal(symmetric ? null : quantizer.ZeroPoint, report.ZeroPoint);
        double clipped = Values.Count(value => value < range.Lower || value > range.Upper) / (double)Values.Length;
        Assert.InRange(report.ClippedShare!.Value, clipped - 0.001, clipped + 0.001);
        Assert.Equal(Values.Min(), report.Minimum);
        Assert.Equal(Values.Max(), report.Maximum);
    }

    [Fact]
    public void ExtremesAlone_AreEnoughForMinMax()
    {
        var args = new QuantizationArgs { Bits = 8 };
        (SiteQuantization counted, _) = ActivationQuantizer.Fit(ActivationSite.ConvInput, args, Site(counted: true));
        (SiteQuantization bare, ActivationQuantizationReport report) = ActivationQuantizer.Fit(ActivationSite.ConvInput, args, Site(counted: false));

        Assert.Equal(counted, bare);
        Assert.Null(report.Sqnr);
        Assert.Null(report.ClippedShare);
        Assert.Throws<ArgumentException>(() => ActivationQuantizer.Fit(
            ActivationSite.ConvInput, args with { Range = RangeEstimator.MeanSquaredError }, Site(counted: false)));
        Assert.Throws<ArgumentException>(() => ActivationQuantizer.Fit(ActivationSite.ConvInput, args, null));
        Assert.Throws<ArgumentException>(() => ActivationQuantizer.Fit(ActivationSite.ConvInput, args, new SiteStatistics(ChannelRange.Empty(4), null, null)));
    }

    [Theory]
    [InlineData(RangeEstimator.MinMax)]
    [InlineData(RangeEstimator.MeanSquaredError)]
    public void State_HasOneScaleAChannel(RangeEstimator estimator)
    {
        const int Channels = 3, States = 4;
        float[] largest = new float[Channels * States];
        long[] counts = new long[Channels * HistogramBins.MagnitudeBinCount];
        for (int i = 0; i < 12_000; i++)
        {
            int place = i % largest.Length;
            float value = Values[i] * (1 + (place / States));
            largest[place] = Math.Max(largest[place], Math.Abs(value));
            counts[(place / States * HistogramBins.MagnitudeBinCount) + HistogramBins.MagnitudeBin(value)]++;
        }

        var args = new QuantizationArgs { Bits = 4, Strategy = QuantizationStrategy.Channel, Range = estimator };
        (var scales, ActivationQuantizationReport report) = ActivationQuantizer.FitState(args, new StateStatistics(States, largest, counts));

        Assert.Equal(Channels, scales!.Value.Length);
        for (int channel = 0; channel < Channels; channel++)
        {
            float limit = largest[(channel * States)..((channel + 1) * States)].Max();
            Assert.InRange(scales.Value[channel], 0, limit / 7);
            if (estimator == RangeEstimator.MinMax)
            {
                Assert.Equal(limit / 7, scales.Value[channel]);
            }
        }

        Assert.Equal(scales.Value.Min(), report.SmallestScale);
        Assert.Equal(scales.Value.Max(), report.LargestScale);
        Assert.Equal(largest.Max(), report.Maximum);
        Assert.InRange(report.Sqnr!.Value, 3, 20);
        Assert.Throws<ArgumentException>(() => ActivationQuantizer.FitState(args, null));
        Assert.Null(ActivationQuantizer.FitState(args with { Strategy = QuantizationStrategy.Token, Dynamic = true }, null).Scales);
    }

    [Fact]
    public void PercentileOfTheState_IsThatOfItsMagnitudes_AndClipsHalfAsMuchAsThatOfASignedSite()
    {
        // Values spread evenly over −1 to 1, counted with their signs and without.
        var args = new QuantizationArgs { Bits = 8, Range = RangeEstimator.Percentile, Percentile = 0.9 };
        long[] signed = new long[HistogramBins.ValueBinCount], magnitudes = new long[HistogramBins.MagnitudeBinCount];
        for (int i = -99_999; i < 100_000; i += 2)
        {
            signed[HistogramBins.ValueBin(i / 100_000f)]++;
            magnitudes[HistogramBins.MagnitudeBin(Math.Abs(i) / 100_000f)]++;
        }

        (_, ActivationQuantizationReport site) = ActivationQuantizer.Fit(
            ActivationSite.ConvInput, args, new SiteStatistics(new ChannelRange([-1], [1]), null, new ValueHistogram(signed)));
        (_, ActivationQuantizationReport state) = ActivationQuantizer.FitState(
            args with { Strategy = QuantizationStrategy.Channel }, new StateStatistics(1, [1], magnitudes));

        // A tenth at each end of the site; a tenth at both ends of h together. Largest difference measured: 4e-6.
        Assert.InRange(site.LargestScale!.Value * 127, 0.79999, 0.80001);
        Assert.InRange(site.ClippedShare!.Value, 0.19999, 0.20001);
        Assert.InRange(state.LargestScale!.Value * 127, 0.89999, 0.90001);
        Assert.InRange(state.ClippedShare!.Value, 0.09999, 0.10001);
    }

    private static SiteStatistics Site(bool counted)
    {
        long[] counts = new long[HistogramBins.ValueBinCount];
        foreach (float value in Values)
        {
            counts[HistogramBins.ValueBin(value)]++;
        }

        var range = new ChannelRange([Values.Min(), -0.1f], [0.1f, Values.Max()]);
        return new SiteStatistics(range, null, counted ? new ValueHistogram(counts) : null);
    }
}
