namespace MambaQuant.Storage;

/// <summary>What a person writes for a place that may lie in blobs: after '--store', and for a model or a text that is submitted.</summary>
/// <remarks>
/// One of: a folder; <c>https://ACCOUNT.blob.core.windows.net/CONTAINER[/PREFIX][?SAS]</c>; a connection string, with the container as
/// <c>Container=NAME[/PREFIX]</c> in it; or <c>env:NAME</c>, which stands for any of these in an environment variable, so that no secret appears on a
/// command line.
/// </remarks>
public static class StoreLocation
{
    private const string VariablePrefix = "env:";

    // Keys among them: a connection string that is not whole is not to be shown as a path that is not there.
    private static readonly string[] _marksOfConnections = ["AccountName=", "AccountKey=", "BlobEndpoint=", "SharedAccessSignature=", "UseDevelopmentStorage="];

    /// <summary>Replaces <c>env:NAME</c> by what the environment variable holds.</summary>
    /// <param name="location">What was written.</param>
    /// <exception cref="ArgumentException">There is no such variable.</exception>
    public static string Resolve(string location)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(location);
        if (!location.StartsWith(VariablePrefix, StringComparison.Ordinal))
        {
            return location;
        }

        string variable = location[VariablePrefix.Length..];
        return Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value
            ? value
            : throw new ArgumentException($"the environment variable '{variable}' is not set", nameof(location));
    }

    /// <summary>The place in blobs that a text stands for.</summary>
    /// <param name="location">What was written, resolved.</param>
    /// <returns>Null where it is a path.</returns>
    /// <exception cref="ArgumentException">It is an address or a connection string of nothing that can be opened; the message shows no secret.</exception>
    public static BlobPlace? BlobsOf(string location)
    {
        ArgumentNullException.ThrowIfNull(location);
        int scheme = location.IndexOf("://", StringComparison.Ordinal);
        if (scheme > 0 && location[..scheme].All(char.IsAsciiLetterOrDigit))
        {
            return Uri.TryCreate(location, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https"
                ? BlobPlace.FromAddress(address)
                : throw new ArgumentException($"expected a path, an https address of a blob container, or a connection string; found an address of kind '{location[..scheme]}'", nameof(location));
        }

        return IsConnection(location) ? BlobPlace.FromConnectionString(location) : null;
    }

    /// <summary>Whether a text is a connection string, or was meant to be one: it may hold a key, and is not to be shown.</summary>
    /// <param name="location">What was written.</param>
    public static bool IsConnection(string location)
    {
        ArgumentNullException.ThrowIfNull(location);
        return _marksOfConnections.Any(mark => location.Contains(mark, StringComparison.OrdinalIgnoreCase));
    }
}
