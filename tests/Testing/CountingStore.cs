using System.Collections.Concurrent;
using MambaQuant.Pipeline.Artifacts;

namespace MambaQuant.Testing;

/// <summary>A store that notes what it is asked.</summary>
/// <param name="store">Where everything really goes.</param>
public sealed class CountingStore(IArtifactStore store) : IArtifactStore
{
    /// <inheritdoc/>
    public string Description => store.Description;

    /// <summary>Names that were looked at, in order.</summary>
    public ConcurrentQueue<string> Heads { get; } = new();

    /// <summary>Ranges that were opened, in order.</summary>
    public ConcurrentQueue<(string Name, long Offset, long? Length)> Reads { get; } = new();

    /// <summary>Names that were put, in order, those that were there included.</summary>
    public ConcurrentQueue<string> Puts { get; } = new();

    /// <inheritdoc/>
    public Task<ArtifactInfo?> HeadAsync(string name, CancellationToken cancellation)
    {
        Heads.Enqueue(name);
        return store.HeadAsync(name, cancellation);
    }

    /// <inheritdoc/>
    public Task<Stream> OpenReadAsync(string name, long offset, long? length, CancellationToken cancellation)
    {
        Reads.Enqueue((name, offset, length));
        return store.OpenReadAsync(name, offset, length, cancellation);
    }

    /// <inheritdoc/>
    public Task<PutOutcome> PutIfAbsentAsync(string name, Func<Stream, CancellationToken, Task> write, CancellationToken cancellation)
    {
        Puts.Enqueue(name);
        return store.PutIfAbsentAsync(name, write, cancellation);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<ArtifactInfo> ListAsync(string prefix, CancellationToken cancellation) => store.ListAsync(prefix, cancellation);

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(string name, CancellationToken cancellation) => store.DeleteAsync(name, cancellation);
}
