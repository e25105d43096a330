using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling.Inputs;

namespace MambaQuant.Pipeline.Scheduling;

/// <summary>What happened to a job, in a store: the records of its steps as JSON lines, in numbered chunks that are put if absent.</summary>
/// <remarks>
/// A chunk is one commit: a header line, then one line for each record. Chunks are numbered from 1 without a gap. Snapshots beside it
/// (<see cref="JournalSnapshots"/>) spare a new owner most of the reading, and nothing depends on them. A journal that cannot be read begins anew behind its
/// last chunk (<see cref="JournalRestarts"/>).
/// </remarks>
public static class Journal
{
    private const int ChunksAtOnce = 16, LooksAtGap = 4;

    // A listing tells what it found while others wrote: a chunk that it left out is looked for by its name, and once more after a while.
    private static readonly TimeSpan _pauseAtGap = TimeSpan.FromMilliseconds(500);

    /// <summary>Name of a chunk in the store.</summary>
    /// <param name="job">Identity of the job.</param>
    /// <param name="chunk">Its number, from 1.</param>
    public static string ChunkName(string job, int chunk) => Prefix(job) + chunk.ToString("D8", CultureInfo.InvariantCulture);

    /// <summary>Reads the whole of a job's journal from where it began, every record, and works out how the job stands.</summary>
    /// <param name="store">The store.</param>
    /// <param name="job">Identity of the job.</param>
    /// <param name="graph">Its work, as the plan beside the journal tells it.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <returns>The state behind the last record; the empty state where there is no journal.</returns>
    /// <exception cref="InvalidJournalException">A chunk is missing, or a line is no record.</exception>
    /// <exception cref="ArtifactStoreException">The store cannot be read, or a chunk is corrupt.</exception>
    public static async Task<JournalReplay> ReplayAsync(IArtifactStore store, string job, WorkGraph graph, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(graph);
        int first = await JournalRestarts.LastAsync(store, job, cancellation).ConfigureAwait(false);
        int chunks = await LastAsync(store, job, first, cancellation).ConfigureAwait(false);
        ImmutableArray<SchedulerInput>.Builder records = ImmutableArray.CreateBuilder<SchedulerInput>();
        SchedulerState state = await FollowAsync(store, job, graph, SchedulerState.Empty, first, chunks, records.Add, cancellation).ConfigureAwait(false);
        return new JournalReplay(state, records.ToImmutable(), chunks);
    }

    /// <summary>Works out how a job stands, from its newest whole snapshot and the chunks behind it; what came before is not read.</summary>
    /// <param name="store">The store.</param>
    /// <param name="job">Identity of the job.</param>
    /// <param name="graph">Its work, as the plan beside the journal tells it.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <returns>The state behind the last record, the same as <see cref="ReplayAsync"/> gives but for leases, of which it knows as little as a new owner.</returns>
    /// <remarks>A snapshot that is damaged, or of another version of the program, is passed over: the journal is whole without it.</remarks>
    /// <exception cref="InvalidJournalException">A chunk is missing, or a line is no record.</exception>
    /// <exception cref="ArtifactStoreException">The store cannot be read, or a chunk is corrupt.</exception>
    public static async Task<JournalRecovery> RecoverAsync(IArtifactStore store, string job, WorkGraph graph, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(graph);
        ImmutableArray<string>.Builder passedOver = ImmutableArray.CreateBuilder<string>();
        int restart = await JournalRestarts.LastAsync(store, job, cancellation).ConfigureAwait(false);
        (SchedulerState begin, int first) = await JournalSnapshots.NewestAsync(store, job, graph, restart, passedOver, cancellation).ConfigureAwait(false);
        int chunks = await LastAsync(store, job, first, cancellation).ConfigureAwait(false);
        int records = 0;
        SchedulerState state = await FollowAsync(store, job, graph, begin, first, chunks, _ => records++, cancellation).ConfigureAwait(false);
        return new JournalRecovery(state, chunks, first, records, passedOver.ToImmutable());
    }

    /// <summary>Who wrote a chunk.</summary>
    internal static async Task<string> ReadOwnerAsync(IArtifactStore store, string name, CancellationToken cancellation)
    {
        string[] lines = await ReadLinesAsync(store, name, cancellation).ConfigureAwait(false);
        return ReadHeader(store, name, lines).Owner;
    }

    /// <summary>The beginning of the names of a journal's chunks.</summary>
    internal static string Prefix(string job) => $"jobs/{job}/journal/";

    /// <summary>Replays the chunks behind one.</summary>
    private static async Task<SchedulerState> FollowAsync(
        IArtifactStore store, string job, WorkGraph graph, SchedulerState state, int behind, int last, Action<SchedulerInput> hear, CancellationToken cancellation)
    {
        for (int first = behind + 1; first <= last; first += ChunksAtOnce)
        {
            IEnumerable<int> numbers = Enumerable.Range(first, Math.Min(ChunksAtOnce, last - first + 1));
            Task<string[]>[] reads = [.. numbers.Select(chunk => ReadLinesAsync(store, ChunkName(job, chunk), cancellation))];
            string[][] texts = await Task.WhenAll(reads).ConfigureAwait(false);
            for (int index = 0; index < texts.Length; index++)
            {
                foreach (SchedulerInput record in Parse(store, job, first + index, texts[index], graph))
                {
                    hear(record);
                    state = Scheduler.Replay(state, record);
                }
            }
        }

        return state;
    }

    /// <summary>Number of the last chunk; makes sure that none is missing behind the one that is known.</summary>
    private static async Task<int> LastAsync(IArtifactStore store, string job, int known, CancellationToken cancellation)
    {
        int chunks = known;
        await foreach (ArtifactInfo found in store.ListAfterAsync(Prefix(job), ChunkName(job, known), cancellation).ConfigureAwait(false))
        {
            while (found.Name != ChunkName(job, ++chunks))
            {
                if (!await IsThereAsync(store, ChunkName(job, chunks), cancellation).ConfigureAwait(false))
                {
                    throw new InvalidJournalException(
                        $"the journal of job {job} in {store.Description} has a gap: expected {ChunkName(job, chunks)}, found {found.Name}; whoever goes on with the job begins a new one from the artifacts that exist");
                }
            }
        }

        return chunks;
    }

    /// <summary>Looks for a chunk that a listing has left out.</summary>
    private static async Task<bool> IsThereAsync(IArtifactStore store, string name, CancellationToken cancellation)
    {
        for (int look = 1; await store.HeadAsync(name, cancellation).ConfigureAwait(false) is null; look++)
        {
            if (look == LooksAtGap)
            {
                return false;
            }

            await Task.Delay(_pauseAtGap, cancellation).ConfigureAwait(false);
        }

        return true;
    }

    private static async Task<string[]> ReadLinesAsync(IArtifactStore store, string name, CancellationToken cancellation)
    {
        Stream stream = await store.OpenReadAsync(name, 0, null, cancellation).ConfigureAwait(false);
        using var reader = new StreamReader(stream);
        string text = await reader.ReadToEndAsync(cancellation).ConfigureAwait(false);
        return text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static JournalHeader ReadHeader(IArtifactStore store, string name, string[] lines)
    {
        JournalHeader? header = ReadLine(
            store, name, 1, () => JsonSerializer.Deserialize(lines.FirstOrDefault("null"), SchedulingJsonContext.Default.JournalHeader));
        return header is { Journal: >= JournalHeader.Oldest and <= JournalHeader.Version }
            ? header
            : throw new InvalidJournalException(
                $"{name} in {store.Description}: expected a journal of version {JournalHeader.Oldest} to {JournalHeader.Version}, found {header?.Journal.ToString(CultureInfo.InvariantCulture) ?? "nothing"}");
    }

    private static IEnumerable<SchedulerInput> Parse(IArtifactStore store, string job, int chunk, string[] lines, WorkGraph graph)
    {
        string name = ChunkName(job, chunk);
        JournalHeader header = ReadHeader(store, name, lines);
        if (header.Chunk != chunk)
        {
            throw new InvalidJournalException($"{name} in {store.Description} says that it is chunk {header.Chunk}");
        }

        for (int line = 1; line < lines.Length; line++)
        {
            SchedulerInput record = ReadLine(store, name, line + 1, () => SchedulingText.ReadInput(lines[line]));
            yield return record is JobSubmitted submitted ? submitted with { Graph = graph } : record;
        }
    }

    private static T ReadLine<T>(IArtifactStore store, string name, int line, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (JsonException exception)
        {
            throw new InvalidJournalException($"{name} in {store.Description}, line {line}: {exception.Message}", exception);
        }
    }
}
