using System.Collections.Immutable;

namespace MambaQuant.Quant.Checkpoints;

/// <summary>How a whole checkpoint is quantized: what its config.json says of it.</summary>
/// <param name="Ends">Embeddings and head.</param>
/// <param name="Layers">The layers in order.</param>
public sealed record QuantizedModelLayout(QuantizedEndsLayout Ends, ImmutableArray<QuantizedLayerLayout> Layers)
{
    /// <inheritdoc/>
    public bool Equals(QuantizedModelLayout? other) =>
        other is not null && Ends == other.Ends && Layers.AsSpan().SequenceEqual(other.Layers.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Ends, Layers.Length);
}
