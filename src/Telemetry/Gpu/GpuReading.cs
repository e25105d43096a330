namespace MambaQuant.Telemetry.Gpu;

/// <summary>One look at a GPU.</summary>
/// <param name="Index">Its number in the machine.</param>
/// <param name="Name">Its model.</param>
/// <param name="Utilization">The share of the last second or less in which it computed, 0 to 1.</param>
/// <param name="UsedBytes">Memory that is taken, by whomever.</param>
/// <param name="TotalBytes">Memory in all.</param>
internal readonly record struct GpuReading(int Index, string Name, double Utilization, long UsedBytes, long TotalBytes);
