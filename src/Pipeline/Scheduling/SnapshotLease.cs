namespace MambaQuant.Pipeline.Scheduling;

/// <summary>A lease in a snapshot: what the journal tells of it.</summary>
/// <param name="Item">Index of the item.</param>
/// <param name="Attempt">The attempt.</param>
/// <param name="Started">When it was given out.</param>
/// <param name="FromCheckpoint">The checkpoint that the attempt started from.</param>
internal sealed record SnapshotLease(int Item, int Attempt, long Started, int FromCheckpoint);
