namespace MambaQuant.Grains.Contracts;

/// <summary>A lease that a slot has.</summary>
/// <param name="Item">Index of the item.</param>
/// <param name="Attempt">The attempt.</param>
[GenerateSerializer, Immutable, Alias("mq.HeldLease")]
public readonly record struct HeldLease([property: Id(0)] int Item, [property: Id(1)] int Attempt);
