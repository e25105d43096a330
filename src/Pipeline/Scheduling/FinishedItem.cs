namespace MambaQuant.Pipeline.Scheduling;

/// <summary>An item whose artifacts exist.</summary>
/// <param name="Item">Its index.</param>
/// <param name="Checksum">Checksum of what it made.</param>
public sealed record FinishedItem(int Item, string Checksum);
