namespace MambaQuant.Pipeline.Scheduling.Outputs;

/// <summary>The job failed.</summary>
/// <param name="Item">Index of the item to blame.</param>
/// <param name="Cause">Why, for people.</param>
public sealed record Failed(int Item, string Cause) : SchedulerOutput;
