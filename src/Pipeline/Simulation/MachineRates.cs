namespace MambaQuant.Pipeline.Simulation;

/// <summary>What was measured on a machine.</summary>
/// <param name="GemmOperationsPerSecond">Dense fp32 products, a multiply-add counted as two.</param>
/// <param name="ScanOperationsPerSecond">The selective scan, nine operations for each channel, state and token.</param>
/// <param name="MemoryBytesPerSecond">Copying tensors far larger than the caches, bytes read and written.</param>
/// <param name="DiskWriteBytesPerSecond">Writing a file up to the device.</param>
/// <param name="DiskReadBytesPerSecond">Reading it again, at most through the system's cache.</param>
public sealed record MachineRates(
    double GemmOperationsPerSecond,
    double ScanOperationsPerSecond,
    double MemoryBytesPerSecond,
    double DiskWriteBytesPerSecond,
    double DiskReadBytesPerSecond);
