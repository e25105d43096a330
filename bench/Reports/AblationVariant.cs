using System.Collections.Immutable;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Recipes;

namespace MambaQuant.Reports;

/// <summary>A recipe that differs from the whole method (or from none of it) in one switch.</summary>
/// <param name="Name">What is different.</param>
/// <param name="Make">The recipe for a scheme.</param>
internal sealed record AblationVariant(string Name, Func<string, Recipe> Make)
{
    /// <summary>All variants, in the order of the table.</summary>
    public static ImmutableArray<AblationVariant> All { get; } =
    [
        new("none (rtn)", scheme => RecipePresets.Get(RecipePresets.RoundToNearest, scheme)),
        new("none, ranges of the presets", Base),
        new("none, ranges of the presets, GPTQ", scheme => Base(scheme).With(new GptqModifier())),
        .. Enum.GetValues<RotationSite>().Select(site => new AblationVariant($"only Hadamard {site}", scheme => Base(scheme).With(new HadamardRotationModifier(site)))),
        new("only KLT ResidualStream", scheme => Base(scheme).With(new KltRotationModifier(RotationSite.ResidualStream))),
        new("only KLT TimeStepRank", scheme => Base(scheme).With(new KltRotationModifier(RotationSite.TimeStepRank))),
        .. Enum.GetValues<SmoothingSite>().Select(site => new AblationVariant($"only smoothing {site}", scheme => Base(scheme).With(new SmoothingModifier(site, SmoothingStrength.Searched)))),
        new("quarot", scheme => RecipePresets.Get(RecipePresets.QuaRot, scheme)),
        new("mambaquant", Whole),
        new("residual: Hadamard for KLT", scheme => Whole(scheme).With(new HadamardRotationModifier(RotationSite.ResidualStream))),
        new("residual: KLT uncentred", scheme => Whole(scheme).With(new KltRotationModifier(RotationSite.ResidualStream, Centered: false))),
        new("dt: Hadamard for KLT", scheme => Whole(scheme).With(new HadamardRotationModifier(RotationSite.TimeStepRank))),
        .. Enum.GetValues<RotationSite>().Select(site => new AblationVariant($"without rotation {site}", scheme => Whole(scheme).Without(site))),
        .. Enum.GetValues<SmoothingSite>().Where(site => site != SmoothingSite.NormToInProj)
            .Select(site => new AblationVariant($"without smoothing {site}", scheme => Whole(scheme).Without(site))),
        new("with smoothing NormToInProj", scheme => Whole(scheme).With(new SmoothingModifier(SmoothingSite.NormToInProj, SmoothingStrength.Searched))),
        new("without any smoothing", scheme => Enum.GetValues<SmoothingSite>().Aggregate(Whole(scheme), (recipe, site) => recipe.Without(site))),
        new("alpha = 0.5 everywhere", scheme => Whole(scheme).Smoothings.Aggregate(Whole(scheme), (recipe, smoothing) => recipe.With(smoothing with { Strength = SmoothingStrength.Fixed(0.5) }))),
        new("without GPTQ", scheme => Whole(scheme).WithoutGptq()),
        new("GPTQ for all weights", scheme => Whole(scheme).With(new GptqModifier(MaximumBits: 8))),
        new("GPTQ sequential", scheme => Whole(scheme).With(new GptqModifier(Sequential: true))),
        new("GPTQ activation order", scheme => Whole(scheme).With(new GptqModifier(ActivationOrder: true))),
        new("ranges: min-max", scheme => RecipePresets.Get(RecipePresets.MambaQuant, scheme, ranges: RangeChoices.MinMax)),
        new("ranges: min-max of inputs", scheme => RecipePresets.Get(RecipePresets.MambaQuant, scheme, ranges: RangeChoices.Preset with { Inputs = RangeEstimator.MinMax })),
        new("ranges: MSE everywhere", scheme => RecipePresets.Get(RecipePresets.MambaQuant, scheme, ranges: RangeChoices.Preset with { Inputs = RangeEstimator.MeanSquaredError, ScanState = RangeEstimator.MeanSquaredError, ScanOutput = RangeEstimator.MeanSquaredError })),
        new("ranges: percentile 0.99999 of inputs", scheme => RecipePresets.Get(RecipePresets.MambaQuant, scheme, ranges: RangeChoices.Preset with { Inputs = RangeEstimator.Percentile })),
        new("scan operands float", scheme => WithScheme(Whole(scheme), quantized => quantized with { ScanState = null, ScanOutput = null })),
        new("scan operands 4 bits", scheme => WithScheme(Whole(scheme), quantized => quantized with { ScanState = WithBits(quantized.ScanState, 4), ScanOutput = WithBits(quantized.ScanOutput, 4) })),
        new("scan state 4 bits", scheme => WithScheme(Whole(scheme), quantized => quantized with { ScanState = WithBits(quantized.ScanState, 4) })),
        new("dynamic per token", scheme => WithScheme(Whole(scheme), Dynamic)),
        new("strict", scheme => RecipePresets.Get(RecipePresets.MambaQuant, scheme, strict: true)),
    ];

    /// <summary>No transform and no GPTQ, but the quantizers of all presets: what a switch is added to alone.</summary>
    private static Recipe Base(string scheme) => RecipePresets.Get(RecipePresets.RoundToNearest, scheme, ranges: RangeChoices.Preset);

    private static Recipe Whole(string scheme) => RecipePresets.Get(RecipePresets.MambaQuant, scheme);

    private static Recipe WithScheme(Recipe recipe, Func<QuantizationScheme, QuantizationScheme> change) =>
        recipe.With(recipe.Quantization! with { Scheme = change(recipe.Quantization!.Scheme) });

    private static QuantizationArgs? WithBits(QuantizationArgs? args, int bits) => args is null ? null : args with { Bits = bits };

    private static QuantizationScheme Dynamic(QuantizationScheme scheme) => scheme with
    {
        Modules = scheme.Modules.ToImmutableSortedDictionary(
            module => module.Key,
            module => module.Value with { Input = module.Value.Input is null ? null : module.Value.Input with { Dynamic = true, Strategy = QuantizationStrategy.Token } },
            StringComparer.Ordinal),
    };
}
