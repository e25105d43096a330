namespace MambaQuant.Pipeline.Scheduling.Outputs;

/// <summary>A worker's lease is over: it should stop; what it still sends about this attempt counts for nothing.</summary>
/// <param name="Worker">Who.</param>
/// <param name="Item">Index of the item.</param>
/// <param name="Attempt">The attempt.</param>
/// <param name="Cause">Why, for people.</param>
public sealed record Revoke(string Worker, int Item, int Attempt, string Cause) : SchedulerOutput;
