using System.Collections.Immutable;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;

namespace MambaQuant.Quant.Method;

/// <summary>What a recipe makes of a model's parts, known before any of them is made.</summary>
public static class QuantizedLayouts
{
    /// <summary>The layout of every layer.</summary>
    /// <param name="context">Model and recipe.</param>
    public static QuantizedLayerLayout OfLayer(MethodContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        QuantizationScheme scheme = context.Scheme;
        return new QuantizedLayerLayout
        {
            Modules = context.Family.LayerModules
                .Select(module => KeyValuePair.Create(module.Name, scheme.Find(module.Name)))
                .Where(pair => pair.Value is { } found && found != new ModuleScheme(null, null))
                .ToImmutableSortedDictionary(pair => pair.Key, pair => pair.Value!, StringComparer.Ordinal),
            ScanState = scheme.ScanState,
            ScanOutput = scheme.ScanOutput,
            OnlineRotations = context.Family.Rotations
                .Where(rotation => rotation.IsOnline && context.Recipe.RotationAt(rotation.Site) is not null)
                .ToImmutableSortedDictionary(rotation => rotation.Site, rotation => rotation.Width),
            SmoothsGate = context.Recipe.SmoothingAt(SmoothingSite.GateToOutProj) is not null,
        };
    }

    /// <summary>The layout of embeddings and head.</summary>
    /// <param name="context">Model and recipe.</param>
    public static QuantizedEndsLayout OfEnds(MethodContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        QuantizationScheme scheme = context.Scheme;
        bool isTied = EndsStage.HeadIsTied(context);
        QuantizationArgs? table = scheme.Find(context.Family.Embeddings.Name)?.Weights;
        ModuleScheme? head = scheme.Find(context.Family.Head.Name);
        return new QuantizedEndsLayout(table, isTied, new ModuleScheme(isTied ? table : head?.Weights, head?.Input));
    }
}
