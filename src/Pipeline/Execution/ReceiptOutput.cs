namespace MambaQuant.Pipeline.Execution;

/// <summary>An output of an item as the store holds it.</summary>
/// <param name="Name">Its name within the item.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="Checksum">Its checksum.</param>
public readonly record struct ReceiptOutput(string Name, long Length, string Checksum);
