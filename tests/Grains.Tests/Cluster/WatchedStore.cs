using System.Runtime.CompilerServices;
using MambaQuant.Pipeline.Artifacts;

namespace MambaQuant.Grains.Tests.Cluster;

/// <summary>A store that does something before and behind each put.</summary>
/// <param name="store">Does the work.</param>
internal sealed class WatchedStore(IArtifactStore store) : IArtifactStore
{
    public IArtifactStore Inner => store;

    /// <summary>What is done before a put of a name; null for nothing.</summary>
    public Func<string, CancellationToken, Task>? BeforePut { get; set; }

    /// <summary>What is done when a put of a name is done, and nobody knows yet; null for nothing.</summary>
    public Action<string>? AfterPut { get; set; }

    /// <summary>Whether listings leave a name out, as those do that were made while others wrote; null for none.</summary>
    public Func<string, bool>? LeavesOut { get; set; }

    /// <summary>How long each read, look and listing takes besides.</summary>
    public TimeSpan Latency { get; set; }

    public string Description => store.Description;

    public async Task<ArtifactInfo?> HeadAsync(string name, CancellationToken cancellation)
    {
        await Task.Delay(Latency, cancellation);
        return await store.HeadAsync(name, cancellation);
    }

    public async Task<Stream> OpenReadAsync(string name, long offset, long? length, CancellationToken cancellation)
    {
        await Task.Delay(Latency, cancellation);
        return await store.OpenReadAsync(name, offset, length, cancellation);
    }

    public async Task<PutOutcome> PutIfAbsentAsync(string name, Func<Stream, CancellationToken, Task> write, CancellationToken cancellation)
    {
        if (BeforePut is { } before)
        {
            await before(name, cancellation);
        }

        PutOutcome outcome = await store.PutIfAbsentAsync(name, write, cancellation);
        AfterPut?.Invoke(name);
        return outcome;
    }

    public IAsyncEnumerable<ArtifactInfo> ListAsync(string prefix, CancellationToken cancellation) => store.ListAsync(prefix, cancellation).Where(found => LeavesOut?.Invoke(found.Name) != true);

    public async IAsyncEnumerable<string> ListNamesAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await Task.Delay(Latency, cancellation);
        await foreach (string name in store.ListNamesAsync(prefix, cancellation))
        {
            yield return name;
        }
    }

    public Task<bool> DeleteAsync(string name, CancellationToken cancellation) => store.DeleteAsync(name, cancellation);
}
