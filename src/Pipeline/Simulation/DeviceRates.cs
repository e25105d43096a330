namespace MambaQuant.Pipeline.Simulation;

/// <summary>What one worker's device gives.</summary>
/// <param name="Name">The device, for people.</param>
/// <param name="OperationsPerSecond">Floating-point operations of work items that it does in a second, all overheads of the kernels included.</param>
/// <param name="MemoryBytes">Memory for one item.</param>
public sealed record DeviceRates(string Name, double OperationsPerSecond, long MemoryBytes);
