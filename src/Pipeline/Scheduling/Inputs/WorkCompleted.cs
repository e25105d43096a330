namespace MambaQuant.Pipeline.Scheduling.Inputs;

/// <summary>A worker has made an item's artifacts.</summary>
/// <param name="At">When.</param>
/// <param name="Worker">Its name.</param>
/// <param name="Item">Index of the item.</param>
/// <param name="Attempt">The attempt that was assigned.</param>
/// <param name="Checksum">Checksum of what it made.</param>
/// <param name="Asks">
/// Whether it asks for its next item in the same breath: it is then first in line for what its own result makes possible.
/// </param>
public sealed record WorkCompleted(long At, string Worker, int Item, int Attempt, string Checksum, bool Asks) : SchedulerInput(At);
