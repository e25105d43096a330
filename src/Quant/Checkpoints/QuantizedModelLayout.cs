using System.Collections.Immutable;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;

namespace MambaQuant.Quant.Checkpoints;

/// <summary>How a whole checkpoint is quantized: what its config.json says of it.</summary>
/// <param name="Ends">Embeddings and head.</param>
/// <param name="Layers">The layers in order.</param>
public sealed record QuantizedModelLayout(QuantizedEndsLayout Ends, ImmutableArray<QuantizedLayerLayout> Layers)
{
    /// <summary>The layout that a recipe is going to give a model, known before anything is computed.</summary>
    /// <param name="config">The model's dimensions.</param>
    /// <param name="recipe">A valid recipe.</param>
    /// <param name="hasSeparateHead">Whether the float model has a head of its own.</param>
    public static QuantizedModelLayout Planned(MambaConfig config, Recipe recipe, bool hasSeparateHead)
    {
        ModelFamily family = MambaFamily.For(config);
        QuantizedLayerLayout layer = QuantizedLayerLayout.Planned(family, recipe);
        return new QuantizedModelLayout(
            QuantizedEndsLayout.Planned(family, recipe, hasSeparateHead), [.. Enumerable.Repeat(layer, config.LayerCount)]);
    }

    /// <inheritdoc/>
    public bool Equals(QuantizedModelLayout? other) =>
        other is not null && Ends == other.Ends && Layers.AsSpan().SequenceEqual(other.Layers.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Ends, Layers.Length);
}
