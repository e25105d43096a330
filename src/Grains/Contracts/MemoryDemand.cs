namespace MambaQuant.Grains.Contracts;

/// <summary>Items of a job that need the same memory.</summary>
/// <param name="MemoryBytes">What each needs.</param>
/// <param name="Count">How many there are.</param>
[GenerateSerializer, Immutable, Alias("mq.MemoryDemand")]
public sealed record MemoryDemand([property: Id(0)] long MemoryBytes, [property: Id(1)] int Count);
