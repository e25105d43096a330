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

        if (recipe.Gptq is { Sequential: false })
        {
            plan = GptqSites(recipe, family).Aggregate(plan, (sum, site) => sum.Union(Moments(OriginalMomentSite(site))));
        }

        foreach (SmoothingModifier modifier in recipe.Smoothings)
        {
            SmoothingSiteDefinition definition = family.Smoothing(modifier.Site);
            plan = plan.Union(Magnitudes(definition.Activation));
            plan = definition.Partner is { } partner ? plan.Union(Magnitudes(partner)) : plan;
        }

        bool transforms = recipe.Modifiers.Any(modifier => modifier is KltRotationModifier or HadamardRotationModifier or SmoothingModifier);
        return transforms && recipe.Quantization is { } quantization ? plan.Union(CalibrationNeeds.Ranges(family, quantization.Scheme)) : plan;
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
