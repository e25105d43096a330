namespace MambaQuant.Pipeline.Scheduling.Outputs;

/// <summary>None of the workers that are there can make some item: the job waits for one that can, or cannot end.</summary>
/// <param name="Item">Index of the item that needs most.</param>
/// <param name="Cause">What it needs and what there is, for people.</param>
public sealed record Unserved(int Item, string Cause) : SchedulerOutput;
