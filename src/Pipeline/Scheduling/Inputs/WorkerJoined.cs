namespace MambaQuant.Pipeline.Scheduling.Inputs;

/// <summary>A worker is there; it gets nothing before it asks.</summary>
/// <remarks>A name that is there already means a new incarnation: what the old one held is lost.</remarks>
/// <param name="At">When.</param>
/// <param name="Worker">Its name.</param>
/// <param name="MemoryBytes">Memory for one item; it gets no item that needs more.</param>
/// <param name="Profile">The numerics profile that it offers.</param>
public sealed record WorkerJoined(long At, string Worker, long MemoryBytes, string Profile) : SchedulerInput(At);
