namespace MambaQuant.Pipeline.Simulation;

/// <summary>A device as its maker describes it.</summary>
/// <param name="Name">How the command line calls it.</param>
/// <param name="PeakOperationsPerSecond">Published peak of fp32 arithmetic outside tensor cores: TF32 would change the numbers.</param>
/// <param name="MemoryBytesPerSecond">Published bandwidth of its memory.</param>
/// <param name="MemoryBytes">Its memory.</param>
/// <param name="Source">The document that says so.</param>
public sealed record PublishedDevice(string Name, double PeakOperationsPerSecond, double MemoryBytesPerSecond, long MemoryBytes, string Source);
