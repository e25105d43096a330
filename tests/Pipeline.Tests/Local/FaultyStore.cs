using MambaQuant.Pipeline.Artifacts;

namespace MambaQuant.Pipeline.Tests.Local;

/// <summary>A store whose puts fail when it is told so.</summary>
/// <param name="store">Does the work.</param>
/// <param name="fault">What a put of a name throws; null lets it pass.</param>
internal sealed class FaultyStore(IArtifactStore store, Func<string, Exception?> fault) : IArtifactStore
{
    public string Description => store.Description;

    public Task<ArtifactInfo?> HeadAsync(string name, CancellationToken cancellation) => store.HeadAsync(name, cancellation);

    public Task<Stream> OpenReadAsync(string name, long offset, long? length, CancellationToken cancellation) =>
        store.OpenReadAsync(name, offset, length, cancellation);

    public Task<PutOutcome> PutIfAbsentAsync(string name, Func<Stream, CancellationToken, Task> write, CancellationToken cancellation) =>
        fault(name) is { } failure ? Task.FromException<PutOutcome>(failure) : store.PutIfAbsentAsync(name, write, cancellation);

    public IAsyncEnumerable<ArtifactInfo> ListAsync(string prefix, CancellationToken cancellation) => store.ListAsync(prefix, cancellation);

    public Task<bool> DeleteAsync(string name, CancellationToken cancellation) => store.DeleteAsync(name, cancellation);
}
