namespace MambaQuant.Pipeline.Scheduling.Outputs;

/// <summary>An item that was done is made again, because its artifacts are missing or corrupt.</summary>
/// <param name="Item">Index of the item.</param>
/// <param name="Cause">Why, for people.</param>
public sealed record Reopened(int Item, string Cause) : SchedulerOutput;
