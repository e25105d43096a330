namespace MambaQuant.Grains.Contracts;

/// <summary>A lease that a slot has.</summary>
/// <param name="Item">Index of the item.</param>
/// <param name="Attempt">The attempt.</param>
[GenerateSerializer, Immutable, Alias("mq.HeldLease")]
public readonly record struct HeldLease([property: Id(0)] int Item, [property: Id(1)] int Attempt)
{
    /// <summary>The span that what is done under the lease is a part of, by the W3C's rules; null for none. No part of what the lease is.</summary>
    [Id(2)]
    public string? Trace { get; init; }

    /// <summary>Whether it is the same lease.</summary>
    /// <param name="other">The other one.</param>
    public bool Equals(HeldLease other) => Item == other.Item && Attempt == other.Attempt;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Item, Attempt);
}
