using System.Collections.Immutable;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Quantization;

/// <summary>Quantizes one transformed layer: weights to codes, activation sites to fixed or dynamic quantizers.</summary>
/// <remarks>
/// The float transforms are done before and nothing is quantized while calibrating, so this is the one place where a layer loses precision.
/// A pure function of its arguments; the same numerics profile gives the same bits.
/// </remarks>
public static class LayerQuantizer
{
    /// <summary>Quantizes a layer.</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="family">The model's tables.</param>
    /// <param name="folded">The layer's weights with the transform folded in, F32; they stay as they are.</param>
    /// <param name="transform">The layer's transform; tells what is left for run time.</param>
    /// <param name="scheme">What is quantized and how.</param>
    /// <param name="statistics">What was observed of the transformed layer (see <see cref="CalibrationNeeds.Ranges"/>); may be null where nothing is fixed.</param>
    /// <param name="gptq">How GPTQ runs; null for rounding to nearest.</param>
    /// <param name="moments">Second moments of the transformed inputs (see <see cref="CalibrationNeeds.SecondMoments"/>), asked for one module at a time; may be null without GPTQ.</param>
    /// <param name="stepped">Hears after each module how many are quantized, and how many there are; null for nobody. What it throws ends the work.</param>
    /// <returns>The layer, which the caller disposes, and what was lost.</returns>
    /// <exception cref="ArgumentException">A statistic or a second moment is missing that the scheme needs; names layer and site.</exception>
    /// <exception cref="NumericalException">GPTQ's factorization failed.</exception>
    public static (QuantizedLayer Layer, LayerQuantizationReport Report) Quantize(
        IKernels kernels,
        ModelFamily family,
        LayerWeights folded,
        LayerTransform transform,
        QuantizationScheme scheme,
        LayerStatistics? statistics,
        GptqOptions? gptq = null,
        Func<ActivationSite, SecondMoment?>? moments = null,
        Action<int, int>? stepped = null)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        ArgumentNullException.ThrowIfNull(family);
        ArgumentNullException.ThrowIfNull(folded);
        ArgumentNullException.ThrowIfNull(transform);
        ArgumentNullException.ThrowIfNull(scheme);
        QuantizationSchemeValidator.ThrowIfInvalid(scheme);
        var sites = new List<ActivationQuantizationReport>();
        var inputs = new Dictionary<ActivationSite, SiteQuantization>();
        foreach ((ActivationSite site, QuantizationArgs args) in Inputs(family, scheme))
        {
            (SiteQuantization quantizer, ActivationQuantizationReport report) = FitInput(folded.Layer, site, args, statistics);
            inputs.Add(site, quantizer);
            sites.Add(report);
        }

        (ImmutableArray<float>? stateScales, ActivationQuantizationReport? state) = FitState(folded.Layer, scheme, statistics);
        if (state is not null)
        {
            sites.Add(state);
        }

        var codes = new Dictionary<string, WeightCodes>(StringComparer.Ordinal);
        var modules = new List<WeightQuantizationReport>();
        int quantized = family.LayerModules.Count(module => scheme.Find(module.Name)?.Weights is not null);
        LayerWeights? rest = null;
        bool complete = false;
        try
        {
            foreach (ModuleDefinition module in family.LayerModules)
            {
                if (scheme.Find(module.Name)?.Weights is { } args)
                {
                    (WeightCodes rounded, WeightQuantizationReport report) = QuantizeModule(kernels, folded, module, args, gptq, moments);
                    codes.Add(module.Name, rounded);
                    modules.Add(report);
                    stepped?.Invoke(modules.Count, quantized);
                }
            }

            rest = CopyFloat(kernels, folded, [.. family.LayerModules.Where(module => codes.ContainsKey(module.Name)).Select(module => module.Weight)]);
            complete = true;
        }
        finally
        {
            if (!complete)
            {
                rest?.Dispose();
                codes.Values.ToList().ForEach(rounded => rounded.Dispose());
            }
        }

        QuantizedLayer layer = Assemble(family, transform, scheme, rest, codes, inputs, stateScales);
        return (layer, new LayerQuantizationReport([.. modules], [.. sites]));
    }

    /// <summary>The sites of a layer that a scheme quantizes, the state of the scan aside.</summary>
    /// <param name="family">The model's tables.</param>
    /// <param name="scheme">The scheme.</param>
    internal static IEnumerable<(ActivationSite Site, QuantizationArgs Args)> Inputs(ModelFamily family, QuantizationScheme scheme)
    {
        foreach (ModuleDefinition module in family.LayerModules)
        {
            if (module.Input is { } site && scheme.Find(module.Name)?.Input is { } args)
            {
                yield return (site, args);
            }
        }

        if (scheme.ScanOutput is { } scan)
        {
            yield return (ActivationSite.ScanOutput, scan);
        }
    }

    /// <summary>The quantizer of a site.</summary>
    /// <param name="layer">Index of the layer, for messages.</param>
    /// <param name="site">The site.</param>
    /// <param name="args">How it is quantized.</param>
    /// <param name="statistics">What was observed of the layer; may be null where the site is dynamic.</param>
    /// <exception cref="ArgumentException">The site gets a fixed scale and was not observed.</exception>
    internal static (SiteQuantization Quantizer, ActivationQuantizationReport Report) FitInput(
        int layer, ActivationSite site, QuantizationArgs args, LayerStatistics? statistics)
    {
        EnsureObserved(layer, site, args, statistics?.Find(site) is not null);
        return ActivationQuantizer.Fit(site, args, statistics?.Find(site));
    }

    /// <summary>The scales of the scan's state; nothing where it stays float.</summary>
    /// <param name="layer">Index of the layer, for messages.</param>
    /// <param name="scheme">The scheme.</param>
    /// <param name="statistics">What was observed of the layer; may be null where the state is dynamic.</param>
    /// <exception cref="ArgumentException">The state gets fixed scales and was not observed.</exception>
    internal static (ImmutableArray<float>? Scales, ActivationQuantizationReport? Report) FitState(
        int layer, QuantizationScheme scheme, LayerStatistics? statistics)
    {
        if (scheme.ScanState is not { } args)
        {
            return (null, null);
        }

        EnsureObserved(layer, ActivationSite.ScanState, args, statistics?.State is not null);
        return ActivationQuantizer.FitState(args, statistics?.State);
    }

    /// <summary>Puts a layer together from its quantized parts.</summary>
    /// <param name="family">The model's tables.</param>
    /// <param name="transform">The layer's transform; tells what is left for run time.</param>
    /// <param name="scheme">What was quantized and how.</param>
    /// <param name="rest">What stays fp32; weights that have codes are passed over.</param>
    /// <param name="codes">Codes by module name.</param>
    /// <param name="inputs">Quantizers by site.</param>
    /// <param name="stateScales">Fixed scales of h, or null.</param>
    internal static QuantizedLayer Assemble(
        ModelFamily family,
        LayerTransform transform,
        QuantizationScheme scheme,
        LayerWeights rest,
        IReadOnlyDictionary<string, WeightCodes> codes,
        IReadOnlyDictionary<ActivationSite, SiteQuantization> inputs,
        ImmutableArray<float>? stateScales) => new()
        {
            Layer = rest.Layer,
            Float = rest,
            Weights = codes,
            WeightArgs = codes.Keys.ToImmutableSortedDictionary(name => name, name => scheme.Find(name)!.Weights!, StringComparer.Ordinal),
            Inputs = inputs,
            ScanState = scheme.ScanState,
            ScanStateScales = stateScales,
            OnlineRotations = family.Rotations
                .Where(rotation => rotation.IsOnline && transform.Find(rotation.Site) is not null)
                .ToImmutableSortedDictionary(rotation => rotation.Site, rotation => rotation.Width),
            GateSmoothing = transform.Find(SmoothingSite.GateToOutProj) is { } factors ? [.. factors.Select(factor => (float)factor)] : null,
        };

    private static (WeightCodes Codes, WeightQuantizationReport Report) QuantizeModule(
        IKernels kernels,
        LayerWeights folded,
        ModuleDefinition module,
        QuantizationArgs args,
        GptqOptions? options,
        Func<ActivationSite, SecondMoment?>? moments)
    {
        Tensor weight = folded[module.Weight];
        if (!CalibrationNeeds.IsCompensated(module, args, options))
        {
            WeightCodes rounded = WeightQuantizer.Round(kernels, weight, args);
            return (rounded, WeightQuantizer.Report(kernels, module.Name, args, weight, rounded, null));
        }

        SecondMoment moment = moments?.Invoke(module.Input!.Value) ?? throw new ArgumentException(
            $"layer {folded.Layer}, {module.Name}: GPTQ needs the second moment of {module.Input}, which is not there", nameof(moments));
        using Gptq gptq = Gptq.Prepare(kernels, moment, options!);
        (WeightCodes codes, GptqReport report) = gptq.Quantize(weight, args);
        return (codes, WeightQuantizer.Report(kernels, module.Name, args, weight, codes, report));
    }

    private static LayerWeights CopyFloat(IKernels kernels, LayerWeights weights, HashSet<string> quantized)
    {
        var copies = new LayerWeights(weights.Layer);
        foreach (string name in weights.Names.Where(name => !quantized.Contains(name)))
        {
            copies[name] = kernels.Clone(weights[name]);
        }

        return copies;
    }

    private static void EnsureObserved(int layer, ActivationSite site, QuantizationArgs args, bool observed)
    {
        if (!args.Dynamic && !observed)
        {
            throw new ArgumentException($"layer {layer}: {site} gets fixed scales, but was not observed; plan the pass with {nameof(CalibrationNeeds)}");
        }
    }
}
