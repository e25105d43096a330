using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Identity;
using Azure.Storage.Blobs;
using MambaQuant.Pipeline.Artifacts;

namespace MambaQuant.Storage;

/// <summary>A container, or a prefix in one, with the way to prove one's right to it. Its text never shows a secret.</summary>
public sealed class BlobPlace
{
    /// <summary>The key of a connection string that names the container, and the prefix in it after a '/'; not one of Azure's own.</summary>
    public const string ContainerKey = "Container";

    private const string DefaultContainer = "mambaquant";

    private readonly Func<BlobClientOptions, BlobContainerClient> _connect;

    private BlobPlace(BlobUriBuilder address, string prefix, Func<BlobClientOptions, BlobContainerClient> connect)
    {
        Prefix = prefix.Length == 0 ? "" : prefix.TrimEnd('/') + "/";
        Description = new BlobUriBuilder(address.ToUri()) { Sas = null, Query = "", BlobName = "" }.ToUri().ToString().TrimEnd('/')
            + (Prefix.Length == 0 ? "" : "/" + Prefix.TrimEnd('/'));
        _connect = connect;
    }

    /// <summary>The address without any secret.</summary>
    public string Description { get; }

    /// <summary>What the names of all blobs of the store begin with; empty, or ending with '/'.</summary>
    public string Prefix { get; }

    /// <summary>From an address such as https://account.blob.core.windows.net/container/prefix, with a SAS token behind '?' or without.</summary>
    /// <param name="address">The address. Without a token, the environment says who is asking: environment variables, a managed identity, a signed-in tool.</param>
    /// <exception cref="ArgumentException">It names no container, or would send credentials unprotected.</exception>
    public static BlobPlace FromAddress(Uri address)
    {
        ArgumentNullException.ThrowIfNull(address);
        var parts = new BlobUriBuilder(address);
        if (parts.BlobContainerName.Length == 0)
        {
            throw new ArgumentException($"an address of a blob store names a container, as in https://ACCOUNT.blob.core.windows.net/CONTAINER, found '{Redacted(address)}'", nameof(address));
        }

        string prefix = CheckedPrefix(parts.BlobName);
        parts.BlobName = "";
        Uri container = parts.ToUri();
        if (parts.Sas is not null)
        {
            return new BlobPlace(parts, prefix, options => new BlobContainerClient(container, options));
        }

        return address.Scheme == Uri.UriSchemeHttps
            ? new BlobPlace(parts, prefix, options => new BlobContainerClient(container, Credential(), options))
            : throw new ArgumentException($"'{Redacted(address)}' needs a SAS token: without https no other proof is sent", nameof(address));
    }

    /// <summary>From a connection string, with the container (and prefix) under the key 'Container'; 'mambaquant' without it.</summary>
    /// <param name="text">The connection string.</param>
    /// <exception cref="ArgumentException">It is none; the message does not repeat it.</exception>
    public static BlobPlace FromConnectionString(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        try
        {
            string[] parts = text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            string? named = parts.LastOrDefault(IsContainer)?[(ContainerKey.Length + 1)..].Trim('/');
            string[] place = (named ?? DefaultContainer).Split('/', 2);
            string account = string.Join(';', parts.Where(part => !IsContainer(part)));
            var address = new BlobUriBuilder(new BlobContainerClient(account, place[0]).Uri);
            return new BlobPlace(address, CheckedPrefix(place.Length > 1 ? place[1] : ""), options => new BlobContainerClient(account, place[0], options));
        }
        catch (Exception failure) when (failure is FormatException or InvalidOperationException or ArgumentException or IndexOutOfRangeException)
        {
            throw new ArgumentException("the connection string of the blob store cannot be read; expected what the portal shows, such as DefaultEndpointsProtocol=https;AccountName=...;AccountKey=...", nameof(text));
        }

        static bool IsContainer(string part) => part.StartsWith(ContainerKey + "=", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The address.</summary>
    public override string ToString() => Description;

    /// <summary>A client for the container.</summary>
    /// <param name="options">How bytes are moved.</param>
    internal BlobContainerClient Connect(AzureBlobStoreOptions options)
    {
        var client = new BlobClientOptions
        {
            Retry =
            {
                Mode = RetryMode.Exponential,
                MaxRetries = options.MaxRetries,
                Delay = options.RetryDelay,
                MaxDelay = options.MaxRetryDelay,
                NetworkTimeout = options.TryTimeout,
            },
            Diagnostics = { ApplicationId = "mambaquant" },
        };
        client.AddPolicy(new CountedRetries(), HttpPipelinePosition.PerRetry);
        if (options.Transport is { } transport)
        {
            client.Transport = transport;
        }

        return _connect(client);
    }

    /// <summary>An address without what stands behind '?'.</summary>
    /// <param name="address">The address.</param>
    internal static string Redacted(Uri address) => address.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);

    private static DefaultAzureCredential Credential() => new();

    private static string CheckedPrefix(string prefix)
    {
        prefix = prefix.Trim('/');
        if (prefix.Length > 0)
        {
            ArtifactName.Check(prefix);
        }

        return prefix;
    }
}
