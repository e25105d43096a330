namespace MambaQuant.Pipeline.Scheduling;

/// <summary>What the scheduler remembers of one item.</summary>
internal sealed record ItemState
{
    /// <summary>Stands for "no worker".</summary>
    public const int Nobody = -1;

    public ItemStatus Status { get; init; } = ItemStatus.Unneeded;

    /// <summary>How many of its needs are not done; kept up for items that are still to be made.</summary>
    public int Missing { get; init; }

    /// <summary>Number of the last attempt given out.</summary>
    public int Attempt { get; init; }

    /// <summary>Failures since the last checkpoint.</summary>
    public int Failures { get; init; }

    /// <summary>Workers lost with it since the last checkpoint.</summary>
    public int Deaths { get; init; }

    /// <summary>When the last of these was counted.</summary>
    public long LastDeath { get; init; } = long.MinValue / 2;

    /// <summary>How often what it made was lost.</summary>
    public int Losses { get; init; }

    /// <summary>Furthest checkpoint that a worker told of.</summary>
    public int Checkpoint { get; init; }

    /// <summary>When its pause ends, while it is delayed.</summary>
    public long Due { get; init; }

    /// <summary>Checksum of what it made last; kept when it is opened again.</summary>
    public string? Checksum { get; init; }

    /// <summary>Who made it last: index of a worker, or nobody.</summary>
    public int Maker { get; init; } = Nobody;

    /// <summary>Who works on it: index of a worker, or nobody.</summary>
    public int Holder { get; init; } = Nobody;

    /// <summary>Who else works on it, because the first is slow.</summary>
    public int Twin { get; init; } = Nobody;

    /// <summary>Whether it is still to be made.</summary>
    public bool IsOpen => Status is not (ItemStatus.Done or ItemStatus.Unneeded);

    /// <summary>Whether it goes before others: it was given out, and came back.</summary>
    public bool IsPreferred(SchedulerOptions options) => options.ReturnedFirst && Attempt > 0;

    public ItemState WithHolder(int worker) => Holder == Nobody ? this with { Holder = worker } : this with { Twin = worker };

    /// <summary>The item without one of its workers; the other becomes the holder.</summary>
    public ItemState WithoutHolder(int worker) =>
        Holder == worker ? this with { Holder = Twin, Twin = Nobody } : this with { Twin = Nobody };
}
