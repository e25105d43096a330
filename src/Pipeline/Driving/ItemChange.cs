using MambaQuant.Pipeline.Scheduling;

namespace MambaQuant.Pipeline.Driving;

/// <summary>How an item of a job stands now.</summary>
/// <param name="Item">Index of the item.</param>
/// <param name="Status">How it stands.</param>
public readonly record struct ItemChange(int Item, ItemStatus Status);
