namespace MambaQuant.Pipeline.Scheduling.Inputs;

/// <summary>A worker gives an item back unfinished because it was told to stop: drained or pre-empted. Nothing is counted.</summary>
/// <param name="At">When.</param>
/// <param name="Worker">Its name.</param>
/// <param name="Item">Index of the item.</param>
/// <param name="Attempt">The attempt that was assigned.</param>
/// <param name="Cause">Why, for people.</param>
public sealed record WorkReleased(long At, string Worker, int Item, int Attempt, string Cause) : SchedulerInput(At);
