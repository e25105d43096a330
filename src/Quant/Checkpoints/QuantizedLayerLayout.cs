using System.Collections.Immutable;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Recipes;

namespace MambaQuant.Quant.Checkpoints;

/// <summary>How one layer of a checkpoint is quantized: everything about it but the numbers.</summary>
/// <remarks>Together with the model's dimensions it fixes names, types and shapes of the layer's tensors. Compared by value.</remarks>
public sealed record QuantizedLayerLayout
{
    /// <summary>What is quantized, by module name; an absent module stays float and takes float input.</summary>
    public required ImmutableSortedDictionary<string, ModuleScheme> Modules { get; init; }

    /// <summary>h where it meets C, or null where it stays float.</summary>
    public QuantizationArgs? ScanState { get; init; }

    /// <summary>C where it meets h, or null where it stays float.</summary>
    public QuantizationArgs? ScanOutput { get; init; }

    /// <summary>Hadamard rotations done at run time, with their orders.</summary>
    public required ImmutableSortedDictionary<RotationSite, int> OnlineRotations { get; init; }

    /// <summary>Whether the gate is S-SiLU with a factor per channel.</summary>
    public bool SmoothsGate { get; init; }

    /// <summary>The layout of a layer in memory.</summary>
    /// <param name="family">The model's tables.</param>
    /// <param name="layer">The layer.</param>
    /// <exception cref="ArgumentException">Codes without arguments or the reverse, scales that do not fit how h is quantized, or sites the family lacks.</exception>
    public static QuantizedLayerLayout Of(ModelFamily family, QuantizedLayer layer)
    {
        ArgumentNullException.ThrowIfNull(family);
        ArgumentNullException.ThrowIfNull(layer);
        string where = $"layer {layer.Layer}";
        var modules = ImmutableSortedDictionary.CreateBuilder<string, ModuleScheme>(StringComparer.Ordinal);
        var sites = new HashSet<ActivationSite>(layer.Inputs.Keys);
        foreach (ModuleDefinition module in family.LayerModules)
        {
            QuantizationArgs? weights = layer.WeightArgs.GetValueOrDefault(module.Name);
            Require(layer.Weights.ContainsKey(module.Name) == weights is not null, $"{where}: {module.Name} has codes without arguments, or arguments without codes");
            QuantizationArgs? input = module.Input is ActivationSite site && sites.Remove(site) ? layer.Inputs[site].Args : null;
            if (weights is not null || input is not null)
            {
                modules.Add(module.Name, new ModuleScheme(weights, input));
            }
        }

        bool hasOutput = sites.Remove(ActivationSite.ScanOutput);
        Require(sites.Count == 0, $"{where}: the site {sites.FirstOrDefault()} is not one of the family '{family.Name}'");
        Require(hasOutput == layer.ScanState is not null, $"{where}: h and C are quantized both or neither");
        bool wantsScales = layer.ScanState is { Dynamic: false };
        Require(wantsScales == layer.ScanStateScales is not null, $"{where}: scales of h are there exactly where it is quantized with fixed scales");
        return new QuantizedLayerLayout
        {
            Modules = modules.ToImmutable(),
            ScanState = layer.ScanState,
            ScanOutput = hasOutput ? layer.Inputs[ActivationSite.ScanOutput].Args : null,
            OnlineRotations = layer.OnlineRotations,
            SmoothsGate = layer.GateSmoothing is not null,
        };
    }

    /// <summary>The layout that a recipe is going to give every layer.</summary>
    /// <param name="family">The model's tables.</param>
    /// <param name="recipe">A valid recipe.</param>
    public static QuantizedLayerLayout Planned(ModelFamily family, Recipe recipe)
    {
        ArgumentNullException.ThrowIfNull(family);
        ArgumentNullException.ThrowIfNull(recipe);
        QuantizationScheme scheme = recipe.Quantization!.Scheme;
        return new QuantizedLayerLayout
        {
            Modules = family.LayerModules
                .Where(module => scheme.Find(module.Name) is { } planned && (planned.Weights ?? planned.Input) is not null)
                .ToImmutableSortedDictionary(module => module.Name, module => scheme.Find(module.Name)!, StringComparer.Ordinal),
            ScanState = scheme.ScanState,
            ScanOutput = scheme.ScanOutput,
            OnlineRotations = family.Rotations
                .Where(rotation => rotation.IsOnline && recipe.RotationAt(rotation.Site) is not null)
                .ToImmutableSortedDictionary(rotation => rotation.Site, rotation => rotation.Width),
            SmoothsGate = recipe.SmoothingAt(SmoothingSite.GateToOutProj) is not null,
        };
    }

    /// <summary>The scheme of a module; both parts null where nothing is quantized.</summary>
    /// <param name="module">Module name.</param>
    public ModuleScheme this[string module] => Modules.GetValueOrDefault(module) ?? new ModuleScheme(null, null);

    /// <summary>Whether what happens at run time besides the modules is the same: scan, rotations, gate.</summary>
    /// <param name="other">Another layer.</param>
    public bool HasSameRuntime(QuantizedLayerLayout other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return ScanState == other.ScanState && ScanOutput == other.ScanOutput && SmoothsGate == other.SmoothsGate
            && OnlineRotations.SequenceEqual(other.OnlineRotations);
    }

    /// <inheritdoc/>
    public bool Equals(QuantizedLayerLayout? other) =>
        other is not null && HasSameRuntime(other) && Modules.SequenceEqual(other.Modules);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(ScanState, ScanOutput, SmoothsGate, Modules.Count, OnlineRotations.Count);

    private static void Require(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new ArgumentException(otherwise);
        }
    }
}
