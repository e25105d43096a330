using System.Collections.Immutable;
using MambaQuant.Pipeline.Scheduling;

namespace MambaQuant.Pipeline.Driving;

/// <summary>A job as a watcher sees it: everything at once, so that one may come late and miss nothing; the same under every driver.</summary>
public sealed record JobOverview
{
    /// <summary>Identity of the job.</summary>
    public required string Job { get; init; }

    /// <summary>How it stands; <see cref="JobStatus.Absent"/> where it waits for its turn or is being opened.</summary>
    public required JobStatus Status { get; init; }

    /// <summary>Why it failed, was stopped, or waits; empty where there is nothing to say.</summary>
    public string Cause { get; init; } = string.Empty;

    /// <summary>Grows with every change; to be named in the next question.</summary>
    public long Version { get; init; }

    /// <summary>Who drives the job; another owner counts notices anew. Empty where nobody does.</summary>
    public string Owner { get; init; } = string.Empty;

    /// <summary>The store for people.</summary>
    public string Store { get; init; } = string.Empty;

    /// <summary>Its stages, in the order in which they began.</summary>
    public ImmutableArray<StageOverview> Stages { get; init; } = [];

    /// <summary>Who works for it.</summary>
    public ImmutableArray<WorkerOverview> Workers { get; init; } = [];

    /// <summary>The last of its notices, oldest first.</summary>
    public ImmutableArray<NoticeOverview> Notices { get; init; } = [];

    /// <summary>Its items by kind.</summary>
    public ImmutableArray<KindOverview> Kinds { get; init; } = [];

    /// <summary>Items whose status changed after the version that the question named, ascending; all of them where it named none.</summary>
    public ImmutableArray<ItemChange> Items { get; init; } = [];

    /// <summary>Items that were made for this job.</summary>
    public int Made { get; init; }

    /// <summary>Items that were in the store already.</summary>
    public int Reused { get; init; }

    /// <summary>Times that an item was begun again.</summary>
    public int Repeated { get; init; }

    /// <summary>What was found missing or damaged in the store, and made again: item and finding.</summary>
    public ImmutableArray<string> Damaged { get; init; } = [];

    /// <summary>What kind of failure ended it: the name of an exception's type. Empty where none did, or it is not known any more.</summary>
    public string Fault { get; init; } = string.Empty;

    /// <summary>Whether it has come to an end.</summary>
    public bool HasEnded => Status is JobStatus.Finished or JobStatus.Failed or JobStatus.Cancelled;
}
