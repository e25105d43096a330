namespace MambaQuant.Pipeline.Scheduling.Outputs;

/// <summary>How far the job is.</summary>
/// <param name="Done">Items done.</param>
/// <param name="Total">Items done and still to be made; items that nothing needs any more are not in it.</param>
public sealed record Progress(int Done, int Total) : SchedulerOutput;
