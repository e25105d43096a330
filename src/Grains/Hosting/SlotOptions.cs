namespace MambaQuant.Grains.Hosting;

/// <summary>One slot of a silo.</summary>
/// <param name="Device">Its name within the silo, such as "cpu-0"; letters, digits, '-', '_' and '.'.</param>
/// <param name="MemoryBytes">Memory for one item.</param>
/// <param name="Description">The device for people.</param>
public sealed record SlotOptions(string Device, long MemoryBytes, string Description = "");
