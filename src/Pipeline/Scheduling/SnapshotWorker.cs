using System.Collections.Immutable;

namespace MambaQuant.Pipeline.Scheduling;

/// <summary>A worker's line of a snapshot.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Memory">Its memory for one item.</param>
/// <param name="Profile">The numerics profile that it offers.</param>
/// <param name="IsPresent">Whether it is there.</param>
/// <param name="IsHungry">Whether it asked for an item and got none yet.</param>
/// <param name="IsResting">Whether it asked, and pauses because it failed.</param>
/// <param name="Failures">Failures since its last success.</param>
/// <param name="RestsUntil">When its pause ends; null where it never failed.</param>
/// <param name="Near">Places of ready items whose largest input it made; null where there are none.</param>
/// <param name="Lease">What it works on.</param>
internal sealed record SnapshotWorker(
    string Name,
    long Memory,
    string Profile,
    bool IsPresent,
    bool IsHungry,
    bool IsResting,
    int Failures,
    long? RestsUntil,
    ImmutableArray<int>? Near,
    SnapshotLease? Lease)
{
    public static SnapshotWorker Of(WorkerState worker, bool isResting) => new(
        worker.Name,
        worker.Memory,
        worker.Profile,
        worker.IsPresent,
        worker.IsHungry,
        isResting,
        worker.Failures,
        worker.RestsUntil == long.MinValue ? null : worker.RestsUntil,
        worker.Near.IsEmpty ? null : [.. worker.Near],
        worker.Lease is { } lease ? new SnapshotLease(lease.Item, lease.Attempt, lease.Started, lease.FromCheckpoint) : null);

    /// <summary>The worker; its lease is one that its new owner has not heard of.</summary>
    public WorkerState ToWorker() => new()
    {
        Name = Name,
        Memory = Memory,
        Profile = Profile,
        IsPresent = IsPresent,
        IsHungry = IsHungry,
        Failures = Failures,
        RestsUntil = RestsUntil ?? long.MinValue,
        Near = Near is { } near ? [.. near] : [],
        Lease = Lease is { } lease ? new Lease(lease.Item, lease.Attempt, lease.Started, lease.Started, IsHeard: false, lease.FromCheckpoint) : null,
    };
}
