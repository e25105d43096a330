using System.Runtime.CompilerServices;

namespace MambaQuant.Pipeline.Artifacts;

/// <summary>Keeps every intermediate of a job by name: written once, never changed, checked when read.</summary>
/// <remarks>
/// Thread-safe; several processes may work on one store. A half-written artifact is never visible. What a name holds is decided
/// by the first complete put. Names that are not relative, or leave the store, are refused.
/// </remarks>
public interface IArtifactStore
{
    /// <summary>The store for people: a folder or a URI, without any secret.</summary>
    string Description { get; }

    /// <summary>What the store holds under a name.</summary>
    /// <param name="name">Name of the artifact.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <returns>Null where there is nothing.</returns>
    /// <exception cref="ArgumentException">The name is not one; see <see cref="ArtifactName"/> (every member).</exception>
    /// <exception cref="CorruptArtifactException">Something is there, but the store's record of it is broken.</exception>
    /// <exception cref="ArtifactStoreException">The store cannot be reached or read.</exception>
    Task<ArtifactInfo?> HeadAsync(string name, CancellationToken cancellation);

    /// <summary>Opens an artifact, or a range of it, for reading in order.</summary>
    /// <param name="name">Name of the artifact.</param>
    /// <param name="offset">First byte.</param>
    /// <param name="length">Bytes from there; null for all the rest.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <returns>
    /// A forward-only stream whose every byte has been compared with its checksum before it is handed out; a read throws
    /// <see cref="CorruptArtifactException"/> where they differ.
    /// </returns>
    /// <exception cref="ArtifactNotFoundException">There is no such artifact.</exception>
    /// <exception cref="CorruptArtifactException">Its bytes are not those that were put.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The range lies outside the artifact.</exception>
    /// <exception cref="ArtifactStoreException">The store cannot be reached or read.</exception>
    Task<Stream> OpenReadAsync(string name, long offset, long? length, CancellationToken cancellation);

    /// <summary>Puts an artifact unless there is one; one whose record is broken counts as absent and is replaced.</summary>
    /// <param name="name">Name of the artifact.</param>
    /// <param name="write">Writes the content, once, to a forward-only stream; may be called again where a transfer has to be repeated.</param>
    /// <param name="cancellation">Stops the call; nothing is left visible.</param>
    /// <returns>What the store holds now, and whether these bytes were the first. What <paramref name="write"/> throws is passed on; nothing is left.</returns>
    /// <exception cref="ArtifactStoreException">The store cannot be reached, is read-only, or full.</exception>
    Task<PutOutcome> PutIfAbsentAsync(string name, Func<Stream, CancellationToken, Task> write, CancellationToken cancellation);

    /// <summary>
    /// Lists artifacts by the beginning of their names, in ordinal order of the names; one whose record is broken is listed as
    /// <see cref="ArtifactInfo.IsDamaged"/>. What is put or deleted meanwhile may or may not be listed.
    /// </summary>
    /// <param name="prefix">Beginning of the names; empty for all.</param>
    /// <param name="cancellation">Stops the listing.</param>
    /// <exception cref="ArtifactStoreException">The store cannot be reached or read.</exception>
    IAsyncEnumerable<ArtifactInfo> ListAsync(string prefix, CancellationToken cancellation);

    /// <summary>Lists artifacts by the beginning of their names, as <see cref="ListAsync"/> does, from behind a name.</summary>
    /// <param name="prefix">Beginning of the names; empty for all.</param>
    /// <param name="after">The name, whether there is such an artifact or not; names that stand before it in ordinal order, and itself, are left out.</param>
    /// <param name="cancellation">Stops the listing.</param>
    /// <remarks>Cost: of what is left out at most its name is looked at, where the store can do so.</remarks>
    /// <exception cref="ArtifactStoreException">The store cannot be reached or read.</exception>
    async IAsyncEnumerable<ArtifactInfo> ListAfterAsync(string prefix, string after, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (ArtifactInfo found in ListAsync(prefix, cancellation).ConfigureAwait(false))
        {
            if (string.CompareOrdinal(found.Name, after) > 0)
            {
                yield return found;
            }
        }
    }

    /// <summary>Lists the names alone, as <see cref="ListAsync"/> does; of an artifact whose record is broken as well.</summary>
    /// <param name="prefix">Beginning of the names; empty for all.</param>
    /// <param name="cancellation">Stops the listing.</param>
    /// <remarks>Cost: no artifact is opened, where the store can do without.</remarks>
    /// <exception cref="ArtifactStoreException">The store cannot be reached or read.</exception>
    async IAsyncEnumerable<string> ListNamesAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (ArtifactInfo found in ListAsync(prefix, cancellation).ConfigureAwait(false))
        {
            yield return found.Name;
        }
    }

    /// <summary>Deletes an artifact.</summary>
    /// <param name="name">Name of the artifact.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="ArtifactStoreException">The store cannot be reached, or is read-only.</exception>
    Task<bool> DeleteAsync(string name, CancellationToken cancellation);
}
