namespace MambaQuant.Grains.Contracts;

/// <summary>How an item of a job stands.</summary>
/// <param name="Item">Index of the item.</param>
/// <param name="Status">A value of <see cref="Pipeline.Scheduling.ItemStatus"/>.</param>
[GenerateSerializer, Immutable, Alias("mq.ItemView")]
public readonly record struct ItemView([property: Id(0)] int Item, [property: Id(1)] int Status);
