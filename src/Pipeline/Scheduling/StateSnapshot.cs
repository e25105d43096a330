using System.Collections.Immutable;
using System.Text.Json;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Pipeline.Scheduling;

/// <summary>The part of a state that follows from the journal, as JSON lines: a header, a line for each item, a line for each worker.</summary>
/// <remarks>
/// Queues and counts are not written: they follow from the lines. When each worker was last heard of is not written either, as it stands in no journal; a
/// new owner starts every lease anew. Cost: 100,000 items, all done, take 12 MB, and some tenths of a second each way.
/// </remarks>
internal static class StateSnapshot
{
    /// <summary>Writes a state.</summary>
    /// <param name="state">The state.</param>
    /// <param name="chunk">Number of the last chunk of the journal behind which it stands.</param>
    /// <param name="at">The scheduler's clock at the last record of that chunk: what came after it and was not recorded counts for nothing.</param>
    public static byte[] Write(SchedulerState state, int chunk, long at)
    {
        using var text = new MemoryStream();
        var header = new SnapshotHeader(
            SnapshotHeader.Version,
            chunk,
            state.Items.Count,
            state.Workers.Count,
            state.Job,
            state.Profile,
            state.Options,
            state.Status,
            state.Cause,
            at,
            state.Durations.Ratios,
            state.Unserved?.Item,
            state.Unserved?.Largest)
        {
            Round = state.Round,
            Fault = state.Fault.Length > 0 ? state.Fault : null,
        };
        JsonSerializer.Serialize(text, header, SnapshotJsonContext.Default.SnapshotHeader);
        text.WriteByte((byte)'\n');
        for (int index = 0; index < state.Items.Count; index++)
        {
            JsonSerializer.Serialize(text, SnapshotItem.Of(state.Items[index]), SnapshotJsonContext.Default.SnapshotItem);
            text.WriteByte((byte)'\n');
        }

        HashSet<int> resting = [.. state.Resting.Select(entry => entry.Worker)];
        for (int index = 0; index < state.Workers.Count; index++)
        {
            JsonSerializer.Serialize(text, SnapshotWorker.Of(state.Workers[index], resting.Contains(index)), SnapshotJsonContext.Default.SnapshotWorker);
            text.WriteByte((byte)'\n');
        }

        return text.ToArray();
    }

    /// <summary>The header of a snapshot whose lines are all there.</summary>
    /// <param name="text">What <see cref="Write"/> gave.</param>
    /// <exception cref="JsonException">It is no snapshot, one of another version, or lines are missing.</exception>
    public static SnapshotHeader ReadHeader(ReadOnlySpan<byte> text)
    {
        SnapshotHeader header = JsonSerializer.Deserialize(Line(ref text), SnapshotJsonContext.Default.SnapshotHeader) ?? throw new JsonException("expected a snapshot, found null");
        if (header.Snapshot != SnapshotHeader.Version)
        {
            throw new JsonException($"expected a snapshot of version {SnapshotHeader.Version}, found {header.Snapshot}");
        }

        int lines = text.Count((byte)'\n');
        return lines == (long)header.Items + header.Workers
            ? header
            : throw new JsonException($"expected {header.Items} items and {header.Workers} workers, found {lines} lines");
    }

    /// <summary>Reads a state.</summary>
    /// <param name="text">What <see cref="Write"/> gave.</param>
    /// <param name="graph">The work of the job.</param>
    /// <exception cref="JsonException">It is no snapshot of this job.</exception>
    public static SchedulerState Read(ReadOnlySpan<byte> text, WorkGraph graph)
    {
        SnapshotHeader header = ReadHeader(text);
        if (header.Items != (header.Status == JobStatus.Absent ? 0 : graph.Items.Length))
        {
            throw new JsonException($"expected a snapshot of {graph.Items.Length} items, found one of {header.Items}");
        }

        Line(ref text);
        var items = new ItemState[header.Items];
        for (int index = 0; index < items.Length; index++)
        {
            items[index] = JsonSerializer.Deserialize(Line(ref text), SnapshotJsonContext.Default.SnapshotItem)?.ToItem() ?? throw new JsonException($"expected item {index}, found null");
        }

        var workers = new SnapshotWorker[header.Workers];
        for (int index = 0; index < workers.Length; index++)
        {
            workers[index] = JsonSerializer.Deserialize(Line(ref text), SnapshotJsonContext.Default.SnapshotWorker) ?? throw new JsonException($"expected worker {index}, found null");
        }

        return Rebuild(header, graph, items, workers);
    }

    private static SchedulerState Rebuild(SnapshotHeader header, WorkGraph graph, ItemState[] items, SnapshotWorker[] workers)
    {
        JobShape? shape = header.Status == JobStatus.Absent ? null : new JobShape(graph);
        ReadyQueue ready = ReadyQueue.Empty;
        for (int index = 0; index < items.Length; index++)
        {
            ready = items[index].Status == ItemStatus.Ready ? ready.Add(shape!, index, items[index].IsPreferred(header.Options)) : ready;
        }

        IEnumerable<(SnapshotWorker Line, int Index)> lines = workers.Select((worker, index) => (worker, index)).ToList();
        return new SchedulerState
        {
            Job = header.Job,
            Profile = header.Profile,
            Options = header.Options,
            Status = header.Status,
            Cause = header.Cause,
            Round = header.Round,
            Fault = header.Fault ?? string.Empty,
            Now = header.Now,
            DoneCount = items.Count(item => item.Status == ItemStatus.Done),
            OpenCount = items.Count(item => item.IsOpen),
            Shape = shape,
            Items = PersistentArray<ItemState>.From(items),
            Workers = PersistentArray<WorkerState>.From([.. workers.Select(worker => worker.ToWorker())]),
            WorkerIndices = lines.ToImmutableDictionary(line => line.Line.Name, line => line.Index, StringComparer.Ordinal),
            Ready = ready,
            Hungry = [.. lines.Where(line => line.Line is { IsHungry: true, IsResting: false }).Select(line => (line.Line.Memory, line.Index))],
            Busy = [.. lines.Where(line => line.Line.Lease is not null).Select(line => line.Index)],
            Delayed = [.. items.Select((item, index) => (item, index)).Where(entry => entry.item.Status == ItemStatus.Delayed).Select(entry => (entry.item.Due, entry.index))],
            Resting = [.. lines.Where(line => line.Line.IsResting).Select(line => (line.Line.RestsUntil ?? long.MinValue, line.Index))],
            Durations = UsualDurations.Of(header.Durations),
            Unserved = header.UnservedItem is { } item ? (item, header.UnservedLargest ?? 0) : null,
        };
    }

    private static ReadOnlySpan<byte> Line(ref ReadOnlySpan<byte> text)
    {
        int end = text.IndexOf((byte)'\n');
        if (end < 0)
        {
            throw new JsonException("expected a line, found the end");
        }

        ReadOnlySpan<byte> line = text[..end];
        text = text[(end + 1)..];
        return line;
    }
}
