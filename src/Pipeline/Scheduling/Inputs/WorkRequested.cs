namespace MambaQuant.Pipeline.Scheduling.Inputs;

/// <summary>A worker asks for an item; it is asked for until one is assigned.</summary>
/// <remarks>A worker that holds a lease is told that lease again: the first answer may have been lost on its way.</remarks>
/// <param name="At">When.</param>
/// <param name="Worker">Its name.</param>
public sealed record WorkRequested(long At, string Worker) : SchedulerInput(At);
