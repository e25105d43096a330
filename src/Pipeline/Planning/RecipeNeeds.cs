using System.Collections.Immutable;
using MambaQuant.Quant.Method;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Recipes;
using MambaQuant.Quant.Statistics;

namespace MambaQuant.Pipeline.Planning;

/// <summary>What a recipe needs of a model: which passes, and what they observe. Planner and executor both read it here.</summary>
/// <remarks>
/// The first pass is cut in three, so that a recipe observes no more than it needs, and yet a second scheme for the same model repeats none
/// of it. What transforms are made from does not depend on the scheme. What reports compare with is wanted where a scheme fixes ranges
/// of activations; then it is taken of everything that a scheme could quantize. The second moments that GPTQ reads are large and
/// depend on the scheme. Each is an item of its own; where several are new, one forward pass makes them all.
/// </remarks>
public sealed record RecipeNeeds
{
    /// <summary>What the pass over the original model observes for transforms; null where nothing reads it.</summary>
    public ObservationPlan? Original { get; private init; }

    /// <summary>What it observes for reports; null where nothing reads it.</summary>
    public ObservationPlan? Ranges { get; private init; }

    /// <summary>The second moments of the original model that GPTQ reads; null where it reads none.</summary>
    public ObservationPlan? Moments { get; private init; }

    /// <summary>What the pass over the transformed model observes; null where nothing reads it.</summary>
    public ObservationPlan? Transformed { get; private init; }

    /// <summary>Whether the pass over the original model pools the second moment of the residual stream over all layers.</summary>
    public bool PoolsResidual { get; private init; }

    /// <summary>Whether the residual stream is rotated, by whatever rotation.</summary>
    public bool RotatesResidual { get; private init; }

    /// <summary>Whether smoothing factors are searched.</summary>
    public bool Searches { get; private init; }

    /// <summary>Whether the recipe smooths at all.</summary>
    public bool Smooths { get; private init; }

    /// <summary>Whether layers have transforms of their own.</summary>
    public bool TransformsLayers { get; private init; }

    /// <summary>Whether the transform of a layer is made from what the first pass observed of it, besides a search.</summary>
    public bool TransformReadsOriginal { get; private init; }

    /// <summary>Whether a norm is smoothed in the rotated basis, in which the first pass could not measure it.</summary>
    public bool SmoothsRotatedNorm { get; private init; }

    /// <summary>Whether reports of layers compare with the original model.</summary>
    public bool ReportsOriginal { get; private init; }

    /// <summary>Whether the report of the head compares with the original model.</summary>
    public bool ReportsOriginalHead { get; private init; }

    /// <summary>Whether the head's input gets a fixed range.</summary>
    public bool FixesHeadInput { get; private init; }

    /// <summary>Whether GPTQ rounds the head.</summary>
    public bool CompensatesHead { get; private init; }

    /// <summary>Whether each layer is calibrated on the quantized output of those before it.</summary>
    public bool IsSequential { get; private init; }

    /// <summary>Whether there is a pass over the original model at all.</summary>
    public bool ObservesOriginal => Original is not null || Ranges is not null || Moments is not null;

    /// <summary>Whether any item reads calibration sequences.</summary>
    public bool Calibrates => ObservesOriginal || Transformed is not null;

    /// <summary>Whether transforms of layers, or their searches, read what the first pass observed of the layer.</summary>
    public bool ReadsOriginalLayers => TransformReadsOriginal || Searches;

    /// <summary>What a recipe needs.</summary>
    /// <param name="recipe">A valid recipe.</param>
    /// <param name="config">The model's dimensions.</param>
    public static RecipeNeeds Of(Recipe recipe, MambaConfig config)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(config);
        ModelFamily family = MambaFamily.For(config);
        QuantizationScheme scheme = recipe.Quantization!.Scheme;
        ObservationPlan original = ObservationPlans.OriginalForTransforms(recipe, family);
        ObservationPlan transformed = ObservationPlans.Transformed(recipe, family), moments = ObservationPlans.OriginalMoments(recipe, family);
        ImmutableHashSet<ActivationSite> compensated =
            CalibrationNeeds.SecondMoments(family, scheme, recipe.Gptq?.ToOptions(), HeadIsTied(recipe, config, family, scheme));
        ObservationPlan ranges = CalibrationNeeds.Ranges(family, scheme);
        bool transforms = recipe.Modifiers.Any(modifier => modifier is KltRotationModifier or HadamardRotationModifier or SmoothingModifier);
        return new RecipeNeeds
        {
            Original = ObservationPlans.IsNeeded(original) ? original : null,
            Ranges = transforms && ObservationPlans.IsNeeded(ranges) ? ObservationPlans.OriginalForReports(family) : null,
            Moments = ObservationPlans.IsNeeded(moments) ? moments : null,
            Transformed = ObservationPlans.IsNeeded(transformed) ? transformed : null,
            PoolsResidual = recipe.KltAt(RotationSite.ResidualStream) is not null,
            RotatesResidual = recipe.RotationAt(RotationSite.ResidualStream) is not null,
            Searches = recipe.Smoothings.Any(smoothing => smoothing.Strength.IsSearched),
            Smooths = recipe.Smoothings.Any(),
            TransformsLayers = recipe.Smoothings.Any() || family.Rotations.Any(rotation =>
                rotation.Site != RotationSite.ResidualStream && recipe.RotationAt(rotation.Site) is not null),
            TransformReadsOriginal = recipe.KltAt(RotationSite.TimeStepRank) is not null
                || (recipe.Smoothings.Any() && !recipe.Smoothings.Any(smoothing => smoothing.Strength.IsSearched)),
            SmoothsRotatedNorm = recipe.RotationAt(RotationSite.ResidualStream) is not null && recipe.SmoothingAt(SmoothingSite.NormToInProj) is not null,
            ReportsOriginal = transforms && ObservationPlans.IsNeeded(ranges with { Ranges = ranges.Ranges.Remove(ActivationSite.HeadInput), Histograms = [] }),
            ReportsOriginalHead = transforms && ranges.Ranges.Contains(ActivationSite.HeadInput),
            FixesHeadInput = ranges.Ranges.Contains(ActivationSite.HeadInput),
            CompensatesHead = compensated.Contains(ActivationSite.HeadInput),
            IsSequential = recipe.Gptq is { Sequential: true },
        };
    }

    /// <summary>Whether the head stays the embedding table; as <see cref="EndsStage.HeadIsTied"/>, from dimensions alone.</summary>
    private static bool HeadIsTied(Recipe recipe, MambaConfig config, ModelFamily family, QuantizationScheme scheme) =>
        config.TieEmbeddings
        && recipe.RotationAt(RotationSite.ResidualStream) is null
        && scheme.Find(family.Embeddings.Name)?.Weights == scheme.Find(family.Head.Name)?.Weights;
}
