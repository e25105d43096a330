using MambaQuant.Pipeline.Artifacts;

namespace MambaQuant.Storage;

/// <summary>Opens a store by what a person writes after '--store': see <see cref="StoreLocation"/>.</summary>
public static class ArtifactStores
{
    /// <summary>Opens a store, and makes one where there is nothing.</summary>
    /// <param name="location">What was written.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <exception cref="ArgumentException">The text is no place of a store; the message shows no secret.</exception>
    /// <exception cref="ArtifactStoreException">The place holds something else, or cannot be used.</exception>
    public static Task<IArtifactStore> OpenOrCreateAsync(string location, CancellationToken cancellation) => OpenAsync(location, create: true, cancellation);

    /// <summary>Opens a store that is there; writes nothing.</summary>
    /// <param name="location">What was written.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <exception cref="ArgumentException">The text is no place of a store; the message shows no secret.</exception>
    /// <exception cref="ArtifactStoreException">There is no store, or it cannot be read.</exception>
    public static Task<IArtifactStore> OpenAsync(string location, CancellationToken cancellation) => OpenAsync(location, create: false, cancellation);

    private static async Task<IArtifactStore> OpenAsync(string location, bool create, CancellationToken cancellation)
    {
        location = StoreLocation.Resolve(location);
        if (StoreLocation.BlobsOf(location) is { } place)
        {
            return create
                ? await AzureBlobArtifactStore.OpenOrCreateAsync(place, null, cancellation).ConfigureAwait(false)
                : await AzureBlobArtifactStore.OpenAsync(place, null, cancellation).ConfigureAwait(false);
        }

        return create ? DirectoryArtifactStore.OpenOrCreate(location) : DirectoryArtifactStore.Open(location);
    }
}
