using System.Collections.Immutable;

namespace MambaQuant.Pipeline.Local;

/// <summary>What a job took.</summary>
/// <param name="Made">Items that this run computed.</param>
/// <param name="Reused">Items that were done already.</param>
/// <param name="Repeated">Times that an item was begun again, since the job was begun: after a kill, a stop, a failure, or because what it made was found damaged.</param>
/// <param name="Damaged">What was found missing or damaged in the store, and made again: item and finding.</param>
public sealed record JobCounts(int Made, int Reused, int Repeated, ImmutableArray<string> Damaged)
{
    /// <summary>The counts with one item more that was made: for what a checkpoint says of the run while its own item is at work.</summary>
    public JobCounts WithOneMade() => this with { Made = Made + 1 };
}
