namespace MambaQuant.Pipeline.Scheduling.Outputs;

/// <summary>An attempt ended without a result; its item is given out again unless a twin still runs.</summary>
/// <param name="Worker">Who held it.</param>
/// <param name="Item">Index of the item.</param>
/// <param name="Attempt">The attempt.</param>
/// <param name="Reason">What ended it.</param>
/// <param name="Cause">Why, for people.</param>
public sealed record Returned(string Worker, int Item, int Attempt, ReturnReason Reason, string Cause) : SchedulerOutput;
