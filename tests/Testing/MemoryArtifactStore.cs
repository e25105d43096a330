using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using MambaQuant.Pipeline.Artifacts;

namespace MambaQuant.Testing;

/// <summary>A store in memory: the contract without a disk, for tests of what works with stores.</summary>
public sealed class MemoryArtifactStore : IArtifactStore
{
    private readonly ConcurrentDictionary<string, (ArtifactInfo Info, byte[] Content)> _artifacts = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public string Description => "memory";

    /// <summary>Names of all artifacts, in ordinal order.</summary>
    public IReadOnlyList<string> Names => [.. _artifacts.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Alters one bit of an artifact; a later read finds it.</summary>
    /// <param name="name">An artifact that is not empty.</param>
    /// <param name="offset">Which byte.</param>
    public void Damage(string name, int offset)
    {
        (ArtifactInfo info, byte[] content) = _artifacts[name];
        byte[] altered = [.. content];
        altered[offset] ^= 1;
        _artifacts[name] = (info, altered);
    }

    /// <inheritdoc/>
    public Task<ArtifactInfo?> HeadAsync(string name, CancellationToken cancellation)
    {
        ArtifactName.Check(name);
        cancellation.ThrowIfCancellationRequested();
        return Task.FromResult(_artifacts.TryGetValue(name, out (ArtifactInfo Info, byte[] Content) artifact) ? artifact.Info : null);
    }

    /// <inheritdoc/>
    public Task<Stream> OpenReadAsync(string name, long offset, long? length, CancellationToken cancellation)
    {
        ArtifactName.Check(name);
        cancellation.ThrowIfCancellationRequested();
        if (!_artifacts.TryGetValue(name, out (ArtifactInfo Info, byte[] Content) artifact))
        {
            throw new ArtifactNotFoundException(name, $"artifact '{name}' is not in store '{Description}'");
        }

        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, artifact.Info.Length);
        ArgumentOutOfRangeException.ThrowIfNegative(length ?? 0, nameof(length));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length ?? 0, artifact.Info.Length - offset, nameof(length));
        return Checksum(artifact.Content) == artifact.Info.Checksum
            ? Task.FromResult<Stream>(new MemoryStream(artifact.Content, (int)offset, (int)(length ?? (artifact.Info.Length - offset)), writable: false))
            : throw new CorruptArtifactException(name, $"artifact '{name}' of store '{Description}' is corrupt");
    }

    /// <inheritdoc/>
    public async Task<PutOutcome> PutIfAbsentAsync(string name, Func<Stream, CancellationToken, Task> write, CancellationToken cancellation)
    {
        ArtifactName.Check(name);
        cancellation.ThrowIfCancellationRequested();
        using var stream = new MemoryStream();
        await write(stream, cancellation).ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested();
        byte[] content = stream.ToArray();
        var info = new ArtifactInfo(name, content.Length, Checksum(content));
        ArtifactInfo stored = _artifacts.GetOrAdd(name, (info, content)).Info;
        return new PutOutcome(stored, info.Checksum, ReferenceEquals(stored, info));
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ArtifactInfo> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ArtifactName.CheckPrefix(prefix);
        await Task.CompletedTask.ConfigureAwait(false);
        foreach (string name in _artifacts.Select(artifact => artifact.Key).Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            cancellation.ThrowIfCancellationRequested();
            if (_artifacts.TryGetValue(name, out (ArtifactInfo Info, byte[] Content) artifact))
            {
                yield return artifact.Info;
            }
        }
    }

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(string name, CancellationToken cancellation)
    {
        ArtifactName.Check(name);
        cancellation.ThrowIfCancellationRequested();
        return Task.FromResult(_artifacts.TryRemove(name, out _));
    }

    private static string Checksum(byte[] content) => ArtifactSeal.Create("content", content).Info.Checksum;
}
