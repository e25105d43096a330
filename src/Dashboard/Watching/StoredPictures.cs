using System.Buffers;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Dashboard.Watching;

/// <summary>What the items of a job left for people to see: pictures of the method and the losses of a layer, read from the store once. Thread-safe.</summary>
/// <param name="source">Whose store.</param>
/// <param name="time">The clock.</param>
internal sealed class StoredPictures(IJobSource source, TimeProvider time)
{
    // Some tens of kilobytes each: what is thrown away is read again.
    private const int MostKept = 512;

    private readonly ConcurrentDictionary<string, byte[]> _kept = new(StringComparer.Ordinal);
    private readonly SharedWork<byte[]?> _reading = new();
    private long _askedAt = time.GetTimestamp();

    /// <summary>For how long nobody has asked for a picture.</summary>
    public TimeSpan Quiet => time.GetElapsedTime(Volatile.Read(ref _askedAt));

    /// <summary>What there is of the rotation of the residual stream.</summary>
    /// <param name="plan">The job.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <returns>By gzip, JSON; null where the job has no such item, or it is not done.</returns>
    /// <exception cref="ArtifactStoreException">The store cannot be read, or holds damaged content.</exception>
    public Task<byte[]?> OfRotationAsync(WorkPlan plan, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return FindAsync([.. Items(plan, WorkKind.ResidualRotation, -1)], cancellation);
    }

    /// <summary>What there is of a layer: its transform as soon as that is made, and the rest when it is quantized.</summary>
    /// <param name="plan">The job.</param>
    /// <param name="layer">Index of the layer; the number of layers for embeddings and head.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <returns>By gzip, JSON; null where the job has no such layer, or nothing of it is done.</returns>
    /// <exception cref="ArtifactStoreException">The store cannot be read, or holds damaged content.</exception>
    public Task<byte[]?> OfLayerAsync(WorkPlan plan, int layer, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return FindAsync([.. Items(plan, WorkKind.Transform, layer), .. Items(plan, WorkKind.Quantize, layer)], cancellation);
    }

    private static IEnumerable<WorkItem> Items(WorkPlan plan, WorkKind kind, int layer) => plan.Find(kind, layer) is { } item ? [item] : [];

    private async Task<byte[]?> FindAsync(ImmutableArray<WorkItem> items, CancellationToken cancellation)
    {
        if (items.IsEmpty)
        {
            return null;
        }

        Volatile.Write(ref _askedAt, time.GetTimestamp());

        // All pages ask as soon as they hear that an item is done: at the same time.
        string name = items[^1].Key.Text;
        return _kept.TryGetValue(name, out byte[]? packed)
            ? packed
            : await _reading.GetAsync(name, () => ReadAsync(items, CancellationToken.None), cancellation);
    }

    private async Task<byte[]?> ReadAsync(ImmutableArray<WorkItem> items, CancellationToken cancellation)
    {
        if (_kept.TryGetValue(items[^1].Key.Text, out byte[]? packed))
        {
            return packed; // read while this was asked for
        }

        var buffer = new ArrayBufferWriter<byte>(4096);
        int done = 0;
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (WorkItem item in items)
            {
                // The receipt is written last.
                if (await source.Store.HeadAsync(WorkPlan.NameOf(item.Key, ItemOutputs.Receipt), cancellation) is not null)
                {
                    done++;
                    await WriteAsync(json, item, cancellation);
                }
            }

            json.WriteBoolean("isWhole", done == items.Length);
            json.WriteEndObject();
        }

        if (done == 0)
        {
            return null;
        }

        packed = PackedJson.Pack(buffer.WrittenSpan);
        if (done == items.Length)
        {
            Keep(items[^1].Key.Text, packed);
        }

        return packed;
    }

    private async Task WriteAsync(Utf8JsonWriter json, WorkItem item, CancellationToken cancellation)
    {
        json.WriteStartObject(item.Kind.ToString());
        foreach (string output in item.Kind == WorkKind.Quantize ? [ItemOutputs.Picture, ItemOutputs.Report] : (string[])[ItemOutputs.Picture])
        {
            if (await ReadAsync(item, output, cancellation) is { } document)
            {
                // As it stands in the store, once it is known to be JSON.
                json.WritePropertyName(output);
                json.WriteRawValue(document);
            }
        }

        json.WriteEndObject();
    }

    private void Keep(string name, byte[] packed)
    {
        if (_kept.Count >= MostKept)
        {
            _kept.Clear();
        }

        _kept[name] = packed;
    }

    private async Task<byte[]?> ReadAsync(WorkItem item, string output, CancellationToken cancellation)
    {
        using var document = new MemoryStream();
        try
        {
            await using Stream content = await source.Store.OpenReadAsync(WorkPlan.NameOf(item.Key, output), 0, null, cancellation);
            await content.CopyToAsync(document, cancellation);
            return document.ToArray();
        }
        catch (ArtifactNotFoundException)
        {
            return null; // made by a program from before there were pictures, or cleared away between two looks
        }
    }
}
