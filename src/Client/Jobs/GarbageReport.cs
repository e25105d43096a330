using MambaQuant.Pipeline.Execution;

namespace MambaQuant.Client.Jobs;

/// <summary>What <c>jobs gc</c> prints.</summary>
/// <param name="Store">The store for people.</param>
/// <param name="OrphanCount">Artifacts of items that no plan names.</param>
/// <param name="OrphanBytes">Their bytes.</param>
/// <param name="ProgressCount">Progress checkpoints of items that are done.</param>
/// <param name="ProgressBytes">Their bytes.</param>
/// <param name="SnapshotCount">Snapshots of journals that a newer one stands for, and damaged ones.</param>
/// <param name="SnapshotBytes">Their bytes.</param>
/// <param name="InputCount">Uploaded files that no job reads.</param>
/// <param name="InputBytes">Their bytes.</param>
/// <param name="RemovedJobs">Jobs that go.</param>
/// <param name="KeptBytes">Bytes of items and uploaded files that stay.</param>
/// <param name="DeletedCount">Artifacts that were deleted; 0 where only was looked.</param>
/// <param name="Deletes">Whether anything was to be deleted.</param>
internal sealed record GarbageReport(
    string Store,
    int OrphanCount,
    long OrphanBytes,
    int ProgressCount,
    long ProgressBytes,
    int SnapshotCount,
    long SnapshotBytes,
    int InputCount,
    long InputBytes,
    IReadOnlyList<string> RemovedJobs,
    long KeptBytes,
    int DeletedCount,
    bool Deletes)
{
    /// <summary>Reports what was found and deleted.</summary>
    /// <param name="store">The store for people.</param>
    /// <param name="garbage">What was found.</param>
    /// <param name="removed">Jobs that go.</param>
    /// <param name="deleted">Artifacts that were deleted; null where only was looked.</param>
    public static GarbageReport Of(string store, StoreGarbage garbage, IReadOnlyList<string> removed, int? deleted)
    {
        ArgumentNullException.ThrowIfNull(garbage);
        return new GarbageReport(
            store,
            garbage.Orphans.Length,
            garbage.Orphans.Sum(artifact => artifact.Length),
            garbage.Progress.Length,
            garbage.Progress.Sum(artifact => artifact.Length),
            garbage.Snapshots.Length,
            garbage.Snapshots.Sum(artifact => artifact.Length),
            garbage.Inputs.Length,
            garbage.Inputs.Sum(artifact => artifact.Length),
            removed,
            garbage.KeptBytes,
            deleted ?? 0,
            deleted is not null);
    }

    /// <summary>Prints it for people.</summary>
    /// <param name="output">Where to.</param>
    public void Write(TextWriter output)
    {
        foreach (string job in RemovedJobs)
        {
            output.WriteLine($"job {job}: its plan, its journal and the snapshots of it");
        }

        output.WriteLine($"{OrphanCount:N0} artifacts, {ByteText.Readable(OrphanBytes)}, of items that no plan names");
        output.WriteLine($"{ProgressCount:N0} progress checkpoints, {ByteText.Readable(ProgressBytes)}, of items that are done");
        output.WriteLine($"{SnapshotCount:N0} snapshots of journals, {ByteText.Readable(SnapshotBytes)}, that are old or damaged");
        output.WriteLine($"{InputCount:N0} uploaded files, {ByteText.Readable(InputBytes)}, that no job reads");
        output.WriteLine($"{ByteText.Readable(KeptBytes)} stay in {Store}");
        output.WriteLine(Deletes ? $"deleted {DeletedCount:N0} artifacts" : "nothing was deleted: that is done with --delete");
    }
}
