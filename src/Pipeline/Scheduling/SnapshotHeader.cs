using System.Collections.Immutable;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Pipeline.Scheduling;

/// <summary>First line of a snapshot: the job, and how many lines follow.</summary>
/// <param name="Snapshot">Version of the format.</param>
/// <param name="Chunk">Number of the last chunk of the journal that the snapshot stands for.</param>
/// <param name="Items">Lines of items, which come first, in the order of the graph.</param>
/// <param name="Workers">Lines of workers, in the order of their first joining.</param>
/// <param name="Job">Identity of the job; null before one was submitted.</param>
/// <param name="Profile">The numerics profile.</param>
/// <param name="Options">How the job is scheduled.</param>
/// <param name="Status">How it stands.</param>
/// <param name="Cause">Why it failed or was cancelled.</param>
/// <param name="Now">The scheduler's clock at the last record.</param>
/// <param name="Durations">How long items took, as multiples of their nominal seconds, by kind.</param>
/// <param name="UnservedItem">The item that was last said to be unserved; null where none is.</param>
/// <param name="UnservedLargest">The largest memory that there was then.</param>
internal sealed record SnapshotHeader(
    int Snapshot,
    int Chunk,
    int Items,
    int Workers,
    string? Job,
    string Profile,
    SchedulerOptions Options,
    JobStatus Status,
    string Cause,
    long Now,
    ImmutableSortedDictionary<WorkKind, ImmutableArray<double>> Durations,
    int? UnservedItem,
    long? UnservedLargest)
{
    /// <summary>How often the job was asked for again; null where nobody counted.</summary>
    public int? Round { get; init; }

    /// <summary>What kind of failure ended the job.</summary>
    /// <value>Null by default, as in snapshots of earlier versions and of jobs that did not fail.</value>
    public string? Fault { get; init; }

    /// <summary>The version that this program writes and reads.</summary>
    public const int Version = 1;
}
