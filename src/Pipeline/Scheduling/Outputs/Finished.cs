namespace MambaQuant.Pipeline.Scheduling.Outputs;

/// <summary>The job is done.</summary>
public sealed record Finished : SchedulerOutput;
