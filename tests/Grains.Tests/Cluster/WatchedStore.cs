using MambaQuant.Pipeline.Artifacts;

namespace MambaQuant.Grains.Tests.Cluster;

/// <summary>A store that does something before each put.</summary>
/// <param name="store">Does the work.</param>
internal sealed class WatchedStore(IArtifactStore store) : IArtifactStore
{
    /// <summary>What is done before a put of a name; null for nothing.</summary>
    public Func<string, CancellationToken, Task>? BeforePut { get; set; }

    public string Description => store.Description;

    public Task<ArtifactInfo?> HeadAsync(string name, CancellationToken cancellation) => store.HeadAsync(name, cancellation);

    public Task<Stream> OpenReadAsync(string name, long offset, long? length, CancellationToken cancellation) =>
        store.OpenReadAsync(name, offset, length, cancellation);

    public async Task<PutOutcome> PutIfAbsentAsync(string name, Func<Stream, CancellationToken, Task> write, CancellationToken cancellation)
    {
        if (BeforePut is { } before)
        {
            await before(name, cancellation);
        }

        return await store.PutIfAbsentAsync(name, write, cancellation);
    }

    public IAsyncEnumerable<ArtifactInfo> ListAsync(string prefix, CancellationToken cancellation) => store.ListAsync(prefix, cancellation);

    public Task<bool> DeleteAsync(string name, CancellationToken cancellation) => store.DeleteAsync(name, cancellation);
}
