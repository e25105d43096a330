using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Pipeline.Scheduling;

/// <summary>Snapshots of how a job stood behind a chunk of its journal, so that a new owner replays only what came later.</summary>
/// <remarks>
/// A snapshot is put if absent, under the number of the chunk, by the owner that wrote that chunk. One that is damaged is passed over: the one before it, or
/// the journal from its beginning, tells the same. Old ones are removed by whoever clears the store, and by nobody else.
/// </remarks>
public static class JournalSnapshots
{
    private const int FewestRecords = 1_000;
    private const int ItemsPerRecord = 10;

    /// <summary>The store's name of a snapshot.</summary>
    /// <param name="job">Identity of the job.</param>
    /// <param name="chunk">Number of the last chunk that it stands for.</param>
    public static string NameOf(string job, int chunk) => Prefix(job) + chunk.ToString("D8", CultureInfo.InvariantCulture);

    /// <summary>Snapshots that nobody needs: those behind which a newer whole one stands, and damaged ones.</summary>
    /// <param name="store">The store.</param>
    /// <param name="job">Identity of the job.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="ArtifactStoreException">The store cannot be read.</exception>
    public static async Task<ImmutableArray<ArtifactInfo>> OldAsync(IArtifactStore store, string job, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(store);
        ImmutableArray<ArtifactInfo>.Builder old = ImmutableArray.CreateBuilder<ArtifactInfo>();
        ImmutableArray<string>.Builder faults = ImmutableArray.CreateBuilder<string>();
        bool isFound = false;
        foreach (ArtifactInfo snapshot in await SnapshotsAsync(store, job, cancellation).ConfigureAwait(false))
        {
            if (isFound || await ReadAsync(store, snapshot.Name, text => StateSnapshot.ReadHeader(text), faults, cancellation).ConfigureAwait(false) is null)
            {
                old.Add(snapshot);
            }
            else
            {
                isFound = true;
            }
        }

        old.Reverse();
        return old.ToImmutable();
    }

    /// <summary>The state of the newest whole snapshot and the last chunk that it stands for; the empty state and the restart where there is none behind that.</summary>
    internal static async Task<(SchedulerState State, int Chunk)> NewestAsync(
        IArtifactStore store, string job, WorkGraph graph, int restart, ImmutableArray<string>.Builder passedOver, CancellationToken cancellation)
    {
        string first = NameOf(job, restart);
        foreach (ArtifactInfo snapshot in (await SnapshotsAsync(store, job, cancellation).ConfigureAwait(false)).TakeWhile(snapshot => string.CompareOrdinal(snapshot.Name, first) > 0))
        {
            int number = 0;
            SchedulerState? state = await ReadAsync(
                store,
                snapshot.Name,
                text =>
                {
                    number = StateSnapshot.ReadHeader(text).Chunk;
                    return snapshot.Name == NameOf(job, number)
                        ? StateSnapshot.Read(text, graph)
                        : throw new JsonException($"it says that it stands for chunk {number}");
                },
                passedOver,
                cancellation).ConfigureAwait(false);
            if (state is not null)
            {
                return (state, number);
            }
        }

        return (SchedulerState.Empty, restart);
    }

    /// <summary>Whether so many records behind the last snapshot are worth another: reading them would take longer than reading a snapshot.</summary>
    /// <param name="records">Records since.</param>
    /// <param name="items">Items of the job.</param>
    /// <remarks>Replaying 10,000 chunks of one record takes about a second from a folder; a snapshot of 100,000 items some tenths of a second to write.</remarks>
    internal static bool AreWanted(int records, int items) => records >= Math.Max(FewestRecords, items / ItemsPerRecord);

    /// <summary>The beginning of the names of a job's snapshots.</summary>
    internal static string Prefix(string job) => $"jobs/{job}/snapshots/";

    /// <summary>Snapshots, the newest first.</summary>
    private static async Task<List<ArtifactInfo>> SnapshotsAsync(IArtifactStore store, string job, CancellationToken cancellation)
    {
        List<ArtifactInfo> snapshots = [];
        await foreach (ArtifactInfo found in store.ListAsync(Prefix(job), cancellation).ConfigureAwait(false))
        {
            snapshots.Add(found);
        }

        snapshots.Reverse();
        return snapshots;
    }

    private static async Task<T?> ReadAsync<T>(
        IArtifactStore store, string name, Func<byte[], T> read, ImmutableArray<string>.Builder passedOver, CancellationToken cancellation)
        where T : class
    {
        try
        {
            using var text = new MemoryStream();
            Stream source = await store.OpenReadAsync(name, 0, null, cancellation).ConfigureAwait(false);
            await using (source.ConfigureAwait(false))
            {
                await source.CopyToAsync(text, cancellation).ConfigureAwait(false);
            }

            return read(text.ToArray());
        }
        catch (Exception fault) when (fault is JsonException or CorruptArtifactException or ArtifactNotFoundException)
        {
            string found = fault is CorruptArtifactException corrupt ? corrupt.Fault : fault.Message;
            passedOver.Add($"snapshot '{name}' of store '{store.Description}' is passed over, the journal is read without it: {found}");
            return null;
        }
    }
}
