using System.Collections.Immutable;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Recipes;
using MambaQuant.Quant.Statistics;

namespace MambaQuant.Quant.Method;

/// <summary>What each pass has to observe for a recipe, and nothing more.</summary>
public static class ObservationPlans
{
    /// <summary>What the pass over the original model observes in every layer.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="family">The model's tables.</param>
    /// <returns>Second moments for KLT and GPTQ, magnitudes for smoothing, ranges for the report's "before" column.</returns>
    public static ObservationPlan Original(Recipe recipe, ModelFamily family)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(family);
        ObservationPlan plan = ObservationPlan.Nothing;
        if (recipe.KltAt(RotationSite.ResidualStream) is not null)
        {
            plan = plan.Union(Moments(ActivationSite.ResidualStream));
        }

        if (recipe.KltAt(RotationSite.TimeStepRank) is not null)
        {
            plan = plan.Union(Moments(family.Rotation(RotationSite.TimeStepRank).Activation));
        }

        plan = plan.Union(OriginalMoments(recipe, family));

        foreach (SmoothingModifier modifier in recipe.Smoothings)
        {
            SmoothingSiteDefinition definition = family.Smoothing(modifier.Site);
            plan = plan.Union(Magnitudes(definition.Activation));
            plan = definition.Partner is { } partner ? plan.Union(Magnitudes(partner)) : plan;
        }

        bool transforms = recipe.Modifiers.Any(modifier => modifier is KltRotationModifier or HadamardRotationModifier or SmoothingModifier);
        return transforms && recipe.Quantization is { } quantization ? plan.Union(CalibrationNeeds.Ranges(family, quantization.Scheme)) : plan;
    }

    /// <summary>The part of <see cref="Original"/> that transforms are made from; no scheme changes it.</summary>
    /// <param name="recipe">The recipe; only its rotations and smoothing are read.</param>
    /// <param name="family">The model's tables.</param>
    public static ObservationPlan OriginalForTransforms(Recipe recipe, ModelFamily family)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        return Original(recipe with { Modifiers = recipe.Modifiers.RemoveAll(modifier => modifier is GptqModifier or QuantizationModifier) }, family);
    }

    /// <summary>What a report could compare with, whatever is quantized: ranges and counts of every input, of h and of C.</summary>
    /// <param name="family">The model's tables.</param>
    /// <returns>A superset of what <see cref="Original"/> observes for the report's "before" column, the same for every scheme.</returns>
    public static ObservationPlan OriginalForReports(ModelFamily family)
    {
        ArgumentNullException.ThrowIfNull(family);
        ImmutableHashSet<ActivationSite> inputs =
        [
            .. family.LayerModules.Append(family.Head).Select(module => module.Input).OfType<ActivationSite>(), ActivationSite.ScanOutput,
        ];
        return new ObservationPlan { Ranges = inputs, Histograms = inputs, State = true, StateHistogram = true };
    }

    /// <summary>The second moments of the original model that GPTQ reads, which depend on the scheme.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="family">The model's tables.</param>
    /// <returns>Second moments only; none where GPTQ is sequential or rounds nothing.</returns>
    public static ObservationPlan OriginalMoments(Recipe recipe, ModelFamily family)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(family);
        return recipe.Gptq is { Sequential: false }
            ? GptqSites(recipe, family).Aggregate(ObservationPlan.Nothing, (sum, site) => sum.Union(Moments(OriginalMomentSite(site))))
            : ObservationPlan.Nothing;
    }

    /// <summary>What the pass over the transformed model observes in every layer.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="family">The model's tables.</param>
    /// <returns>Ranges and histograms of what has fixed scales; second moments only where GPTQ is sequential.</returns>
    public static ObservationPlan Transformed(Recipe recipe, ModelFamily family)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(family);
        ObservationPlan plan = recipe.Quantization is { } quantization
            ? CalibrationNeeds.Ranges(family, quantization.Scheme)
            : ObservationPlan.Nothing;
        return recipe.Gptq is { Sequential: true }
            ? GptqSites(recipe, family).Aggregate(plan, (sum, site) => sum.Union(Moments(site)))
            : plan;
    }

    /// <summary>Whether a plan observes anything at all.</summary>
    /// <param name="plan">A plan.</param>
    public static bool IsNeeded(ObservationPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return plan.State || !(plan.Ranges.IsEmpty && plan.Histograms.IsEmpty && plan.SecondMoments.IsEmpty);
    }

    /// <summary>Inputs whose second moments GPTQ reads.</summary>
    private static ImmutableHashSet<ActivationSite> GptqSites(Recipe recipe, ModelFamily family) => recipe.Quantization is { } quantization
        ? CalibrationNeeds.SecondMoments(family, quantization.Scheme, recipe.Gptq?.ToOptions(), headIsTied: false)
        : [];

    /// <summary>The site whose second moment in the original model becomes that of a transformed input.</summary>
    /// <remarks>in_proj and head read the normed residual stream; its moment is taken before the norm weight, which the transform may fold away.</remarks>
    private static ActivationSite OriginalMomentSite(ActivationSite input) =>
        input == ActivationSite.InProjInput || input == ActivationSite.HeadInput ? ActivationSite.ResidualStream : input;

    private static ObservationPlan Moments(ActivationSite site) => new() { SecondMoments = [site] };

    private static ObservationPlan Magnitudes(ActivationSite site) =>
        site == ActivationSite.ScanState ? new() { State = true } : new() { Ranges = [site] };
}
