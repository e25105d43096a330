namespace MambaQuant.Pipeline.Scheduling.Outputs;

/// <summary>The job was stopped.</summary>
/// <param name="Cause">Why, for people.</param>
public sealed record Cancelled(string Cause) : SchedulerOutput;
