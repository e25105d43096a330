using System.Collections.Immutable;

namespace MambaQuant.Grains.Contracts;

/// <summary>A job as a watcher sees it: everything at once, so that one may come late and miss nothing.</summary>
[GenerateSerializer, Immutable, Alias("mq.JobView")]
public sealed record JobView
{
    /// <summary>Identity of the job.</summary>
    [Id(0)]
    public required string Job { get; init; }

    /// <summary>How it stands.</summary>
    [Id(1)]
    public required JobPhase Phase { get; init; }

    /// <summary>Why it failed, was stopped, or waits; empty where there is nothing to say.</summary>
    [Id(2)]
    public string Cause { get; init; } = string.Empty;

    /// <summary>Grows with every change that one owner sees; to be named in the next call.</summary>
    [Id(3)]
    public long Version { get; init; }

    /// <summary>Who drives the job; another owner counts versions and notices anew. Empty where nobody does.</summary>
    [Id(4)]
    public string Owner { get; init; } = string.Empty;

    /// <summary>Its stages, in the order in which they began.</summary>
    [Id(5)]
    public ImmutableArray<StageView> Stages { get; init; } = [];

    /// <summary>Its items by kind.</summary>
    [Id(6)]
    public ImmutableArray<ItemCount> Items { get; init; } = [];

    /// <summary>The slots that work for it.</summary>
    [Id(7)]
    public ImmutableArray<SlotView> Slots { get; init; } = [];

    /// <summary>The last of its notices.</summary>
    [Id(8)]
    public ImmutableArray<JobNotice> Notices { get; init; } = [];

    /// <summary>Items that were made for this job.</summary>
    [Id(9)]
    public int Made { get; init; }

    /// <summary>Items that were in the store already.</summary>
    [Id(10)]
    public int Reused { get; init; }

    /// <summary>Times that an item was begun again.</summary>
    [Id(11)]
    public int Repeated { get; init; }

    /// <summary>What was found missing or damaged in the store, and made again: item and finding.</summary>
    [Id(12)]
    public ImmutableArray<string> Damaged { get; init; } = [];

    /// <summary>The store for people.</summary>
    [Id(13)]
    public string Store { get; init; } = string.Empty;

    /// <summary>What kind of failure ended it: the name of an exception's type. Empty where none did, or it is not known any more.</summary>
    [Id(14)]
    public string Fault { get; init; } = string.Empty;

    /// <summary>Items whose status changed after the version that the call named, ascending; all of them where it named none.</summary>
    [Id(15)]
    public ImmutableArray<ItemView> Changed { get; init; } = [];

    /// <summary>Whether it has come to an end.</summary>
    public bool HasEnded => Phase is JobPhase.Finished or JobPhase.Failed or JobPhase.Cancelled;
}
