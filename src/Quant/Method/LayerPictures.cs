using System.Collections.Immutable;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Recipes;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Smoothing;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Method;

/// <summary>Turns what the stages observed into what can be drawn; nothing is observed for the pictures' sake.</summary>
/// <remarks>Order: a function of the statistics and transforms alone, so that every engine draws the same.</remarks>
public static class LayerPictures
{
    private const string StateAxis = "state";

    /// <summary>The picture of the rotation of the residual stream.</summary>
    /// <param name="context">Backend, recipe.</param>
    /// <param name="rotation">The rotation, or null.</param>
    /// <param name="pooled">The pooled second moment that it was made from; null where it is no KLT.</param>
    /// <returns>Nothing to draw where the recipe has no KLT there.</returns>
    /// <remarks>Cost: one product of [d, d] matrices beside the eigenproblem, which costs several.</remarks>
    public static LayerPicture OfResidual(MethodContext context, Rotation? rotation, SecondMoment? pooled)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Recipe.KltAt(RotationSite.ResidualStream) is { } klt && rotation is not null && pooled is not null
            ? new LayerPicture { Rotations = [RotationPictures.Of(context.Kernels, RotationSite.ResidualStream, pooled, rotation, klt.Centered)] }
            : LayerPicture.Nothing;
    }

    /// <summary>The picture of the transform of a layer: its own KLT rotation, and the smoothing factors.</summary>
    /// <param name="context">Backend, recipe.</param>
    /// <param name="statistics">What the transform was made from; null where it reads nothing.</param>
    /// <param name="transform">The transform.</param>
    /// <param name="choices">What was chosen at each smoothing site.</param>
    public static LayerPicture OfTransform(
        MethodContext context, LayerStatistics? statistics, LayerTransform transform, ImmutableArray<SmoothingChoice> choices)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(transform);
        return new LayerPicture { Rotations = TimeStep(context, statistics, transform), Smoothings = [.. choices.Select(Smoothing)] };
    }

    /// <summary>The picture of a quantized layer.</summary>
    /// <param name="context">Backend, family.</param>
    /// <param name="ofTransform">The picture of its transform.</param>
    /// <param name="outcome">The layer.</param>
    /// <param name="transformed">What the pass over the transformed model observed, or null.</param>
    /// <param name="moments">The second moments that were read while it was quantized.</param>
    public static LayerPicture OfLayer(
        MethodContext context, LayerPicture ofTransform, LayerOutcome outcome, LayerStatistics? transformed, InputMoments moments)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(ofTransform);
        ArgumentNullException.ThrowIfNull(outcome);
        ArgumentNullException.ThrowIfNull(moments);
        ImmutableDictionary<ActivationSite, SitePicture> variances = moments.Read.ToImmutableDictionary(
            pair => pair.Key, pair => Variances(context, outcome.Original, pair.Key, pair.Value.Before, pair.Value.After));
        ImmutableArray<SitePicture> magnitudes = Sites(outcome.Report.Sites, outcome.OriginalStatistics, transformed);
        ImmutableArray<SitePicture> sites =
        [
            .. magnitudes.Select(site => variances.TryGetValue(new ActivationSite(site.Site), out SitePicture? variance) && site.Axis != StateAxis
                ? site with { VarianceBefore = variance.VarianceBefore, VarianceAfter = variance.VarianceAfter }
                : site),
            .. context.Family.LayerModules.Select(module => module.Input).OfType<ActivationSite>()
                .Where(site => variances.ContainsKey(site) && magnitudes.All(drawn => drawn.Site != site.Name)).Select(site => variances[site]),
        ];
        return ofTransform with { Sites = sites };
    }

    /// <summary>The picture of embeddings and head.</summary>
    /// <param name="ofResidual">The picture of the rotation of the residual stream.</param>
    /// <param name="report">What was lost.</param>
    /// <param name="original">What the pass over the original model observed behind the last layer, or null.</param>
    /// <param name="transformed">What the pass over the transformed model observed there, or null.</param>
    public static LayerPicture OfEnds(LayerPicture ofResidual, LayerQuantizationReport report, LayerStatistics? original, LayerStatistics? transformed)
    {
        ArgumentNullException.ThrowIfNull(ofResidual);
        ArgumentNullException.ThrowIfNull(report);
        return ofResidual with { Sites = Sites(report.Sites, original, transformed) };
    }

    /// <summary>Sites with fixed ranges: what both passes observed of them.</summary>
    private static ImmutableArray<SitePicture> Sites(
        ImmutableArray<ActivationQuantizationReport> reports, LayerStatistics? original, LayerStatistics? transformed) =>
    [
        .. reports.Where(report => !report.Args.Dynamic).SelectMany(report => report.Site == ActivationSite.ScanState
            ? State(original?.State, transformed?.State)
            : [new SitePicture
            {
                Site = report.Site.Name,
                MagnitudeBefore = Magnitudes(original?.Find(report.Site)?.Range),
                MagnitudeAfter = Magnitudes(transformed?.Find(report.Site)?.Range),
            }]),
    ];

    /// <summary>The recurrent state twice: along its channels, which have scales of their own, and along its states, which are smoothed and rotated.</summary>
    private static IEnumerable<SitePicture> State(StateStatistics? original, StateStatistics? transformed) =>
    [
        new SitePicture
        {
            Site = ActivationSite.ScanState.Name,
            MagnitudeBefore = original is null ? null : Profile(original.Channels, original.ChannelAbsoluteMaximum),
            MagnitudeAfter = transformed is null ? null : Profile(transformed.Channels, transformed.ChannelAbsoluteMaximum),
        },
        new SitePicture
        {
            Site = ActivationSite.ScanState.Name,
            Axis = StateAxis,
            MagnitudeBefore = original is null ? null : Profile(original.States, original.StateAbsoluteMaximum),
            MagnitudeAfter = transformed is null ? null : Profile(transformed.States, transformed.StateAbsoluteMaximum),
        },
    ];

    private static ChannelProfile? Magnitudes(ChannelRange? range) =>
        range is null || !float.IsFinite(range.Minimum) ? null : Profile(range.Channels, range.AbsoluteMaximum);

    private static ChannelProfile Profile(int channels, Func<int, float> magnitude)
    {
        double[] values = new double[channels];
        for (int channel = 0; channel < channels; channel++)
        {
            values[channel] = magnitude(channel);
        }

        return ChannelProfile.Of(values, withSmallest: false);
    }

    private static SitePicture Variances(MethodContext context, LayerWeights original, ActivationSite site, double[]? before, double[] after)
    {
        // The first pass takes the moment ahead of the norm's weight; what in_proj read had it in.
        if (site == ActivationSite.InProjInput && before is not null)
        {
            float[] weight = context.Kernels.ToArray<float>(original[context.Family.NormWeight]);
            before = [.. before.Select((variance, channel) => variance * weight[channel] * weight[channel])];
        }

        return new SitePicture
        {
            Site = site.Name,
            VarianceBefore = before is null ? null : ChannelProfile.Of(before, withSmallest: true),
            VarianceAfter = ChannelProfile.Of(after, withSmallest: true),
        };
    }

    private static ImmutableArray<RotationPicture> TimeStep(MethodContext context, LayerStatistics? statistics, LayerTransform transform)
    {
        RotationSiteDefinition site = context.Family.Rotation(RotationSite.TimeStepRank);
        if (context.Recipe.KltAt(site.Site) is not { } klt || transform.Find(site.Site) is not { } rotation || statistics?.Find(site.Activation)?.Moment is not { } moment)
        {
            return [];
        }

        double[]? inverse = transform.Find(SmoothingSite.XProjToDtProj) is { } factors ? [.. factors.Select(factor => 1 / factor)] : null;
        SecondMoment smoothed = SecondMomentTransfer.Apply(context.Kernels, moment, inverse, rotation: null, after: null);
        return [RotationPictures.Of(context.Kernels, site.Site, smoothed, rotation, klt.Centered)];
    }

    private static SmoothingPicture Smoothing(SmoothingChoice choice) => new()
    {
        Site = choice.Site.ToString(),
        Strength = choice.Alpha,
        Factors = choice.Factors is { } factors ? ChannelProfile.Of(factors.AsSpan(), withSmallest: true) : null,
    };
}
