using System.Diagnostics;
using System.Runtime.CompilerServices;
using MambaQuant.Pipeline.Artifacts;

namespace MambaQuant.Pipeline.Telemetry;

/// <summary>A store that measures what is asked of it: bytes, durations, failures, and below an item's span a span for each call.</summary>
/// <param name="store">Does the work; not owned.</param>
public sealed class MeteredStore(IArtifactStore store) : IArtifactStore
{
    private const string Head = "head", Read = "read", Put = "put", List = "list", Delete = "delete";

    private static readonly KeyValuePair<string, object?> Written = PipelineInstruments.Tag(TelemetryNames.StoreDirection, "write");

    /// <inheritdoc/>
    public string Description => store.Description;

    /// <inheritdoc/>
    public async Task<ArtifactInfo?> HeadAsync(string name, CancellationToken cancellation)
    {
        using var call = new StoreCall(Head, name);
        return await call.WatchAsync(store.HeadAsync(name, cancellation)).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<Stream> OpenReadAsync(string name, long offset, long? length, CancellationToken cancellation)
    {
        var call = new StoreCall(Read, name);
        bool isOpen = false;
        try
        {
            Stream content = await call.WatchAsync(store.OpenReadAsync(name, offset, length, cancellation)).ConfigureAwait(false);
            isOpen = true;
            return new MeteredReadStream(content, call);
        }
        finally
        {
            if (!isOpen)
            {
                call.Dispose();
            }
        }
    }

    /// <inheritdoc/>
    public async Task<PutOutcome> PutIfAbsentAsync(string name, Func<Stream, CancellationToken, Task> write, CancellationToken cancellation)
    {
        using var call = new StoreCall(Put, name);
        int times = 0;
        return await call.WatchAsync(store.PutIfAbsentAsync(name, WriteAsync, cancellation)).ConfigureAwait(false);

        async Task WriteAsync(Stream target, CancellationToken token)
        {
            if (times++ > 0)
            {
                PipelineInstruments.StoreRetries.Add(1);
            }

            long before = target.Position;
            try
            {
                await write(target, token).ConfigureAwait(false);
            }
            finally
            {
                long count = target.Position - before;
                call.Bytes += count;
                PipelineInstruments.StoreIo.Add(count, Written);
            }
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<ArtifactInfo> ListAsync(string prefix, CancellationToken cancellation) => WatchAsync(prefix, store.ListAsync(prefix, cancellation), cancellation);

    /// <inheritdoc/>
    public IAsyncEnumerable<ArtifactInfo> ListAfterAsync(string prefix, string after, CancellationToken cancellation) =>
        WatchAsync(prefix, store.ListAfterAsync(prefix, after, cancellation), cancellation);

    /// <inheritdoc/>
    public IAsyncEnumerable<string> ListNamesAsync(string prefix, CancellationToken cancellation) => WatchAsync(prefix, store.ListNamesAsync(prefix, cancellation), cancellation);

    /// <inheritdoc/>
    public async Task<bool> DeleteAsync(string name, CancellationToken cancellation)
    {
        using var call = new StoreCall(Delete, name);
        return await call.WatchAsync(store.DeleteAsync(name, cancellation)).ConfigureAwait(false);
    }

    private static async IAsyncEnumerable<T> WatchAsync<T>(
        string prefix, IAsyncEnumerable<T> found, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var call = new StoreCall(List, prefix);
        await using IAsyncEnumerator<T> artifacts = found.GetAsyncEnumerator(cancellation);
        while (await call.WatchAsync(artifacts.MoveNextAsync().AsTask()).ConfigureAwait(false))
        {
            yield return artifacts.Current;
        }
    }
}
