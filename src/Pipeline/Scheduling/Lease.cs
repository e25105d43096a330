namespace MambaQuant.Pipeline.Scheduling;

/// <summary>A worker's hold on an item.</summary>
/// <param name="Item">Index of the item.</param>
/// <param name="Attempt">The attempt.</param>
/// <param name="Started">When it was given out, on the scheduler's clock.</param>
/// <param name="Heard">When the worker was last heard of; not journalled.</param>
/// <param name="IsHeard">Whether the worker was heard of since; not journalled.</param>
/// <param name="FromCheckpoint">The checkpoint that the attempt started from.</param>
internal sealed record Lease(int Item, int Attempt, long Started, long Heard, bool IsHeard, int FromCheckpoint);
