using System.Collections.Immutable;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Statistics;

namespace MambaQuant.Quant.Quantization;

/// <summary>Makes the quantizers of activations from what a calibration pass observed.</summary>
public static class ActivationQuantizer
{
    /// <summary>The quantizer of a site.</summary>
    /// <param name="site">The site.</param>
    /// <param name="args">How it is quantized.</param>
    /// <param name="statistics">What was observed there; may be null when dynamic.</param>
    /// <exception cref="ArgumentException">A fixed range is wanted, and what it is made from was not observed.</exception>
    public static (SiteQuantization Quantizer, ActivationQuantizationReport Report) Fit(
        ActivationSite site, QuantizationArgs args, SiteStatistics? statistics)
    {
        ArgumentNullException.ThrowIfNull(args);
        ChannelRange? range = statistics?.Range;
        bool wasObserved = range is { Minimum: <= float.MaxValue };
        var report = new ActivationQuantizationReport(site, args)
        {
            Minimum = wasObserved ? range!.Minimum : null,
            Maximum = wasObserved ? range!.Maximum : null,
        };
        if (args.Dynamic)
        {
            return (new SiteQuantization(args, Scale: 1, ZeroPoint: 0), report);
        }

        if (range is null || (statistics!.Histogram is null && args.Range != RangeEstimator.MinMax))
        {
            throw NotObserved(site, args, range is null ? "minimum and maximum" : "histogram");
        }

        ValueDistribution? values = statistics.Histogram is { } histogram
            ? ValueDistribution.FromValues(histogram.Counts, range.Minimum, range.Maximum)
            : null;
        FittedRange fitted = values is null ? RangeFit.Fit(range.Minimum, range.Maximum, args) : RangeFit.Fit(values, args);
        report = report with
        {
            SmallestScale = fitted.Scale,
            LargestScale = fitted.Scale,
            ZeroPoint = args.Symmetric ? null : fitted.ZeroPoint,
            ClippedShare = values is null ? null : fitted.ClippedShare(values),
            Sqnr = values is null ? null : Decibels.OfRatio(values.MeanSquare, fitted.MeanSquaredError(values)),
        };
        return (new SiteQuantization(args, fitted.Scale, fitted.ZeroPoint), report);
    }

    /// <summary>The scales of the recurrent state h where it meets C, one a channel.</summary>
    /// <param name="args">How it is quantized; symmetric.</param>
    /// <param name="statistics">What was observed of the state; may be null when dynamic.</param>
    /// <returns>Scales [E], null when dynamic.</returns>
    /// <exception cref="ArgumentException">Fixed scales are wanted, and what they are made from was not observed.</exception>
    public static (ImmutableArray<float>? Scales, ActivationQuantizationReport Report) FitState(QuantizationArgs args, StateStatistics? statistics)
    {
        ArgumentNullException.ThrowIfNull(args);
        float? largest = statistics is null ? null : Enumerable.Range(0, statistics.Channels).Max(statistics.ChannelAbsoluteMaximum);
        var report = new ActivationQuantizationReport(ActivationSite.ScanState, args) { Minimum = -largest, Maximum = largest };
        if (args.Dynamic)
        {
            return (null, report);
        }

        if (statistics is null || (!statistics.HasMagnitudes && args.Range != RangeEstimator.MinMax))
        {
            throw NotObserved(ActivationSite.ScanState, args, statistics is null ? "largest magnitude" : "histogram");
        }

        float[] scales = new float[statistics.Channels];
        double signal = 0, noise = 0, clipped = 0, total = 0;
        for (int channel = 0; channel < scales.Length; channel++)
        {
            float limit = statistics.ChannelAbsoluteMaximum(channel);
            if (!statistics.HasMagnitudes)
            {
                scales[channel] = RangeFit.Fit(-limit, limit, args).Scale;
                continue;
            }

            ValueDistribution values = ValueDistribution.FromMagnitudes(statistics.ChannelMagnitudes(channel), limit);
            FittedRange fitted = RangeFit.Fit(values, args);
            scales[channel] = fitted.Scale;
            signal += values.Total * values.MeanSquare;
            noise += values.Total * fitted.MeanSquaredError(values);
            clipped += values.Total * fitted.ClippedShare(values);
            total += values.Total;
        }

        report = report with
        {
            SmallestScale = scales.Min(),
            LargestScale = scales.Max(),
            ClippedShare = total > 0 ? clipped / total : null,
            Sqnr = total > 0 ? Decibels.OfRatio(signal, noise) : null,
        };
        return ([.. scales], report);
    }

    private static ArgumentException NotObserved(ActivationSite site, QuantizationArgs args, string what) =>
        new($"{site}: a fixed range by {args.Range} needs the {what} of the values, which was not observed; plan the pass with {nameof(CalibrationNeeds)}");
}
