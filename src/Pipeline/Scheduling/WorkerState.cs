using System.Collections.Immutable;

namespace MambaQuant.Pipeline.Scheduling;

/// <summary>What the scheduler remembers of one worker.</summary>
internal sealed record WorkerState
{
    public required string Name { get; init; }

    public required long Memory { get; init; }

    public required string Profile { get; init; }

    /// <summary>Whether it is there.</summary>
    public bool IsPresent { get; init; } = true;

    /// <summary>Whether it asked for an item and got none yet.</summary>
    public bool IsHungry { get; init; }

    /// <summary>What it works on.</summary>
    public Lease? Lease { get; init; }

    /// <summary>Failures since its last success.</summary>
    public int Failures { get; init; }

    /// <summary>Until when it gets nothing, because it failed.</summary>
    public long RestsUntil { get; init; } = long.MinValue;

    /// <summary>
    /// Places of ready items whose largest input it made. May name items that are not ready any more: they are dropped when met.
    /// </summary>
    public ImmutableSortedSet<int> Near { get; init; } = [];
}
