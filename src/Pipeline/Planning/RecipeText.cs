using System.Collections.Immutable;
using System.Globalization;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Recipes;
using MambaQuant.Quant.Statistics;

namespace MambaQuant.Pipeline.Planning;

/// <summary>The values of a recipe as lines of text that go into keys: what is not read is not written, so it changes no key.</summary>
internal static class RecipeText
{
    /// <summary>The rotation at a site.</summary>
    public static string Rotation(Recipe recipe, RotationSite site) => recipe.RotationAt(site) switch
    {
        KltRotationModifier klt => $"rotation {site} klt centered {klt.Centered}",
        null => $"rotation {site} none",
        _ => $"rotation {site} hadamard",
    };

    /// <summary>The rotations inside a layer.</summary>
    public static IEnumerable<string> LayerRotations(Recipe recipe, ModelFamily family) => family.Rotations
        .Where(rotation => rotation.Site != RotationSite.ResidualStream && recipe.RotationAt(rotation.Site) is not null)
        .Select(rotation => Rotation(recipe, rotation.Site));

    /// <summary>The smoothing sites and strengths, in the family's order, in which they are chosen.</summary>
    public static IEnumerable<string> Smoothings(Recipe recipe, ModelFamily family) => family.Smoothings
        .Select(site => recipe.SmoothingAt(site.Site)).OfType<SmoothingModifier>()
        .Select(smoothing => smoothing.Strength.Alpha is { } alpha
            ? $"smoothing {smoothing.Site} {Number(alpha)}"
            : $"smoothing {smoothing.Site} search {string.Join(' ', smoothing.Strength.Grid.Select(Number))}");

    /// <summary>A scheme for the modules inside a layer and the scan.</summary>
    /// <param name="scheme">The scheme.</param>
    /// <param name="family">The model's tables.</param>
    /// <param name="withWeightRanges">Whether the range estimators of weights are read.</param>
    public static IEnumerable<string> LayerScheme(QuantizationScheme scheme, ModelFamily family, bool withWeightRanges = true) =>
        family.LayerModules.Select(module => Module(scheme, module.Name, withWeightRanges))
            .Append($"scan {Args(scheme.ScanState)} {Args(scheme.ScanOutput)}");

    /// <summary>A scheme for embeddings and head.</summary>
    public static IEnumerable<string> EndsScheme(QuantizationScheme scheme, ModelFamily family) =>
        [Module(scheme, family.Embeddings.Name), Module(scheme, family.Head.Name)];

    /// <summary>How GPTQ runs.</summary>
    public static string Gptq(Recipe recipe) => recipe.Gptq is { } gptq
        ? $"gptq block {gptq.BlockSize} damping {Number(gptq.Damping)} ordered {gptq.ActivationOrder} sequential {gptq.Sequential} bits {gptq.MaximumBits}"
        : "gptq none";

    /// <summary>What a pass observes.</summary>
    public static IEnumerable<string> Observations(ObservationPlan plan) =>
    [
        $"ranges {Sites(plan.Ranges)}", $"histograms {Sites(plan.Histograms)}", $"moments {Sites(plan.SecondMoments)}",
        $"state {plan.State} {plan.State && plan.StateHistogram}",
    ];

    /// <summary>The dimensions that the forward pass reads.</summary>
    public static string Dimensions(MambaConfig config) =>
        $"dimensions {config.VocabularySize} {config.DModel} {config.DInner} {config.DState} {config.DConv} {config.DtRank} {config.LayerCount} "
        + $"{Number(config.NormEpsilon)} {config.UseBias} {config.UseConvBias} {config.TieEmbeddings}";

    private static string Module(QuantizationScheme scheme, string module, bool withWeightRanges = true)
    {
        ModuleScheme? found = scheme.Find(module);
        QuantizationArgs? weights = found?.Weights;
        return $"module {module} {Args(withWeightRanges || weights is null ? weights : weights with { Range = RangeEstimator.MinMax })} {Args(found?.Input)}";
    }

    private static string Args(QuantizationArgs? args) => args is null
        ? "float"
        : $"{args.Bits} {(args.Symmetric ? "symmetric" : "asymmetric")} {args.Strategy}"
            + (args.Strategy == QuantizationStrategy.Group ? $" {args.GroupSize}" : string.Empty)
            + (args.Dynamic ? " dynamic" : $" {args.Range}")
            + (!args.Dynamic && args.Range == RangeEstimator.Percentile ? $" {Number(args.Percentile)}" : string.Empty);

    private static string Sites(ImmutableHashSet<ActivationSite> sites) => string.Join(',', sites.Select(site => site.Name).Order(StringComparer.Ordinal));

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
