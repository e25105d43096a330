namespace MambaQuant.Pipeline.Scheduling.Inputs;

/// <summary>A worker says that it still works on its item.</summary>
/// <remarks>Not journalled, unless the checkpoint moved on.</remarks>
/// <param name="At">When.</param>
/// <param name="Worker">Its name.</param>
/// <param name="Item">Index of the item.</param>
/// <param name="Attempt">The attempt that was assigned.</param>
/// <param name="Checkpoint">Steps (layers) that a later attempt need not repeat; 0 where nothing is kept.</param>
public sealed record LeaseRenewed(long At, string Worker, int Item, int Attempt, int Checkpoint) : SchedulerInput(At);
