namespace MambaQuant.Pipeline.Scheduling.Outputs;

/// <summary>A worker joined that can never get an item of this job.</summary>
/// <param name="Worker">Who.</param>
/// <param name="Cause">Why, for people.</param>
public sealed record Refused(string Worker, string Cause) : SchedulerOutput;
