using System.Collections.Immutable;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Statistics;

namespace MambaQuant.Quant.Quantization;

/// <summary>Says what has to be observed before a scheme can be applied, so that a pass looks at nothing else.</summary>
public static class CalibrationNeeds
{
    /// <summary>Ranges and histograms of the transformed model.</summary>
    /// <param name="family">The model's tables.</param>
    /// <param name="scheme">The scheme.</param>
    /// <param name="withHistograms">Whether histograms are counted also where only extremes are needed, so that reports can tell the expected noise.</param>
    /// <returns>A plan for all layers and the head; <see cref="ObservationPlan.Nothing"/> where nothing is fixed: then no pass is needed.</returns>
    public static ObservationPlan Ranges(ModelFamily family, QuantizationScheme scheme, bool withHistograms = true)
    {
        ArgumentNullException.ThrowIfNull(family);
        ArgumentNullException.ThrowIfNull(scheme);
        (ActivationSite Site, QuantizationArgs Args)[] fixedSites =
            [.. Inputs(family, scheme)
                .Where(input => input.Args is { Dynamic: false })
                .Select(input => (input.Site, input.Args!))];
        bool Counts(QuantizationArgs args) => withHistograms || args.Range != RangeEstimator.MinMax;
        return new ObservationPlan
        {
            Ranges = [.. fixedSites.Select(input => input.Site)],
            Histograms = [.. fixedSites.Where(input => Counts(input.Args)).Select(input => input.Site)],
            State = scheme.ScanState is { Dynamic: false },
            StateHistogram = scheme.ScanState is { Dynamic: false } state && Counts(state),
        };
    }

    /// <summary>Sites whose second moments GPTQ reads.</summary>
    /// <param name="family">The model's tables.</param>
    /// <param name="scheme">The scheme.</param>
    /// <param name="gptq">How GPTQ runs; null for not at all.</param>
    /// <param name="headIsTied">Whether the head stays the embedding table, whose rows are never compensated.</param>
    public static ImmutableHashSet<ActivationSite> SecondMoments(
        ModelFamily family, QuantizationScheme scheme, GptqOptions? gptq, bool headIsTied)
    {
        ArgumentNullException.ThrowIfNull(family);
        ArgumentNullException.ThrowIfNull(scheme);
        return gptq is null
            ? []
            : [.. family.LayerModules.Concat(headIsTied ? [] : [family.Head])
                .Where(module => IsCompensated(module, scheme.Find(module.Name)?.Weights, gptq))
                .Select(module => module.Input!.Value)];
    }

    /// <summary>Whether GPTQ rounds the weights of a module.</summary>
    /// <param name="module">The module.</param>
    /// <param name="weights">How its weights are quantized.</param>
    /// <param name="gptq">How GPTQ runs.</param>
    internal static bool IsCompensated(ModuleDefinition module, QuantizationArgs? weights, GptqOptions? gptq) =>
        module is { Kind: ModuleKind.Linear, Input: not null } && weights is not null && gptq is not null && gptq.Covers(weights);

    private static IEnumerable<(ActivationSite Site, QuantizationArgs? Args)> Inputs(ModelFamily family, QuantizationScheme scheme) =>
        family.LayerModules.Append(family.Head)
            .Where(module => module.Input is not null)
            .Select(module => (module.Input!.Value, scheme.Find(module.Name)?.Input))
            .Append((ActivationSite.ScanOutput, scheme.ScanOutput));
}
