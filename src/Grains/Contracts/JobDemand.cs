using System.Collections.Immutable;

namespace MambaQuant.Grains.Contracts;

/// <summary>What a job wants of the cluster's slots.</summary>
[GenerateSerializer, Immutable, Alias("mq.JobDemand")]
public sealed record JobDemand
{
    /// <summary>Identity of the job.</summary>
    [Id(0)]
    public required string Job { get; init; }

    /// <summary>How it stands.</summary>
    [Id(1)]
    public required JobPhase Phase { get; init; }

    /// <summary>The numerics profile that a slot must offer.</summary>
    [Id(2)]
    public string Profile { get; init; } = string.Empty;

    /// <summary>Items that could be given out at once.</summary>
    [Id(3)]
    public int Ready { get; init; }

    /// <summary>Items done.</summary>
    [Id(4)]
    public int Done { get; init; }

    /// <summary>Items done and still to be made.</summary>
    [Id(5)]
    public int Total { get; init; }

    /// <summary>Slots that work for it.</summary>
    [Id(6)]
    public int Slots { get; init; }

    /// <summary>Why it failed, was stopped, or waits; empty where there is nothing to say.</summary>
    [Id(7)]
    public string Cause { get; init; } = string.Empty;

    /// <summary>The items that could be given out at once, by the memory that they need, least first; empty where it is not known: then any slot will do.</summary>
    [Id(8)]
    public ImmutableArray<MemoryDemand> Memory { get; init; } = [];

    /// <summary>How often the job had been asked for again: what is told of an earlier round counts for nothing.</summary>
    [Id(9)]
    public int Round { get; init; }
}
