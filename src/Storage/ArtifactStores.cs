using MambaQuant.Pipeline.Artifacts;

namespace MambaQuant.Storage;

/// <summary>Opens a store by what a person writes after '--store'.</summary>
/// <remarks>
/// One of: a folder; <c>https://ACCOUNT.blob.core.windows.net/CONTAINER[/PREFIX][?SAS]</c>; a connection string, with the container as
/// <c>Container=NAME[/PREFIX]</c> in it; or <c>env:NAME</c>, which stands for any of these in an environment variable, so that no secret appears on a
/// command line.
/// </remarks>
public static class ArtifactStores
{
    private const string VariablePrefix = "env:";

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
        ArgumentException.ThrowIfNullOrWhiteSpace(location);
        if (location.StartsWith(VariablePrefix, StringComparison.Ordinal))
        {
            string variable = location[VariablePrefix.Length..];
            location = Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value
                ? value
                : throw new ArgumentException($"the environment variable '{variable}' is not set", nameof(location));
        }

        if (Place(location) is { } place)
        {
            return create
                ? await AzureBlobArtifactStore.OpenOrCreateAsync(place, null, cancellation).ConfigureAwait(false)
                : await AzureBlobArtifactStore.OpenAsync(place, null, cancellation).ConfigureAwait(false);
        }

        return create ? DirectoryArtifactStore.OpenOrCreate(location) : DirectoryArtifactStore.Open(location);
    }

    private static BlobPlace? Place(string location)
    {
        int scheme = location.IndexOf("://", StringComparison.Ordinal);
        if (scheme > 0 && location[..scheme].All(char.IsAsciiLetterOrDigit))
        {
            return Uri.TryCreate(location, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https"
                ? BlobPlace.FromAddress(address)
                : throw new ArgumentException($"a store is a folder, an https address of a blob container, or a connection string; found an address of kind '{location[..scheme]}'", nameof(location));
        }

        bool isConnection = location.Contains("AccountName=", StringComparison.OrdinalIgnoreCase)
            || location.Contains("BlobEndpoint=", StringComparison.OrdinalIgnoreCase)
            || location.StartsWith("UseDevelopmentStorage=", StringComparison.OrdinalIgnoreCase);
        return isConnection ? BlobPlace.FromConnectionString(location) : null;
    }
}
