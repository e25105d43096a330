namespace MambaQuant.Pipeline.Scheduling.Outputs;

/// <summary>A worker gets an item, for as long as it renews the lease; the first time at once, to say that it took it.</summary>
/// <param name="Worker">Who.</param>
/// <param name="Item">Index of the item.</param>
/// <param name="Attempt">Number of the attempt, counted per item from 1; to be told with everything about it.</param>
public sealed record Assign(string Worker, int Item, int Attempt) : SchedulerOutput;
