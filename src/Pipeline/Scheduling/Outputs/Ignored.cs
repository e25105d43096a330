namespace MambaQuant.Pipeline.Scheduling.Outputs;

/// <summary>An input changed nothing: it came too late, twice, or makes no sense.</summary>
/// <param name="Cause">Why, for people.</param>
public sealed record Ignored(string Cause) : SchedulerOutput;
