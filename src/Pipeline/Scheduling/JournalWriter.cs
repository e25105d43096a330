using System.Text;
using System.Text.Json;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Scheduling.Inputs;

namespace MambaQuant.Pipeline.Scheduling;

/// <summary>Writes a job's journal, one chunk for each commit. Not thread-safe.</summary>
/// <param name="store">The store; not owned.</param>
/// <param name="job">Identity of the job.</param>
/// <param name="owner">Who writes: a name that no other owner of the job ever has.</param>
/// <param name="chunks">Number of chunks that exist.</param>
public sealed class JournalWriter(IArtifactStore store, string job, string owner, int chunks)
{
    /// <summary>Number of chunks that exist.</summary>
    public int Chunks { get; private set; } = chunks;

    /// <summary>Writes records as the next chunk; nothing where there are none.</summary>
    /// <param name="records">Records of steps, in their order.</param>
    /// <param name="cancellation">Stops the writing; whether the chunk was written is then unknown.</param>
    /// <exception cref="StaleOwnerException">Somebody else wrote that chunk: the job has a new owner.</exception>
    /// <exception cref="ArtifactStoreException">The store cannot be written.</exception>
    public async Task CommitAsync(IReadOnlyCollection<SchedulerInput> records, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(records);
        if (records.Count == 0)
        {
            return;
        }

        if (!await PutAsync(store, job, owner, Chunks + 1, records, cancellation).ConfigureAwait(false))
        {
            string name = Journal.ChunkName(job, Chunks + 1);
            string successor = await Journal.ReadOwnerAsync(store, name, cancellation).ConfigureAwait(false);
            throw new StaleOwnerException(job, owner, successor, name);
        }

        Chunks++;
    }

    /// <summary>Puts a chunk if there is none.</summary>
    /// <returns>Whether it is this one that the store holds.</returns>
    internal static async Task<bool> PutAsync(
        IArtifactStore store, string job, string owner, int chunk, IReadOnlyCollection<SchedulerInput> records, CancellationToken cancellation)
    {
        byte[] content = Content(chunk, owner, records);
        PutOutcome outcome = await store.PutIfAbsentAsync(
            Journal.ChunkName(job, chunk), async (stream, token) => await stream.WriteAsync(content, token).ConfigureAwait(false), cancellation).ConfigureAwait(false);

        // Not written, but equal: an earlier try of this very put got through.
        return outcome.Written || outcome.Stored.Checksum == outcome.Offered;
    }

    /// <summary>Puts a snapshot that stands for all chunks so far.</summary>
    /// <param name="state">The state behind the last chunk.</param>
    /// <param name="at">The scheduler's clock at its last record.</param>
    /// <param name="cancellation">Stops the writing; nothing is left.</param>
    /// <exception cref="ArtifactStoreException">The store cannot be written.</exception>
    internal async Task PutSnapshotAsync(SchedulerState state, long at, CancellationToken cancellation)
    {
        byte[] content = StateSnapshot.Write(state, Chunks, at);
        await store.PutIfAbsentAsync(
            JournalSnapshots.NameOf(job, Chunks), async (stream, token) => await stream.WriteAsync(content, token).ConfigureAwait(false), cancellation).ConfigureAwait(false);
    }

    private static byte[] Content(int chunk, string owner, IReadOnlyCollection<SchedulerInput> records)
    {
        StringBuilder text = new();
        var header = new JournalHeader(JournalHeader.Version, chunk, owner);
        text.Append(JsonSerializer.Serialize(header, SchedulingJsonContext.Default.JournalHeader)).Append('\n');
        foreach (SchedulerInput record in records)
        {
            text.Append(SchedulingText.Write(record)).Append('\n');
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
