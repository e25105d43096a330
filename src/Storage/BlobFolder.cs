using System.Collections.Immutable;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Safetensors;

namespace MambaQuant.Storage;

/// <summary>The files of a model that somebody put into a container of Azure Blob Storage as they are: the blobs directly below a prefix.</summary>
/// <remarks>
/// No store of this program: the blobs carry no seal. They are listed once, when the folder is opened, and every byte comes from the versions that were seen
/// then. Reading needs the permissions to read and to list, and writes nothing. Thread-safe, one read at a time.
/// </remarks>
public sealed class BlobFolder : IModelFiles
{
    private readonly BlobContainerClient _container;
    private readonly string _prefix;
    private readonly ImmutableSortedDictionary<string, BlobVersion> _files;
    private readonly BlobWindow _window;

    private BlobFolder(BlobPlace place, BlobContainerClient container, ImmutableSortedDictionary<string, BlobVersion> files, BlobWindow window)
    {
        _container = container;
        _prefix = place.Prefix;
        _files = files;
        _window = window;
        Description = place.Description;
    }

    /// <summary>The address of the prefix, without any token.</summary>
    public string Description { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Names => [.. _files.Keys];

    /// <summary>Lists the files.</summary>
    /// <param name="place">The container and the prefix.</param>
    /// <param name="options">How bytes are moved; null for the defaults.</param>
    /// <param name="cancellation">Stops the listing, and every later read.</param>
    /// <exception cref="UnsupportedModelException">There is nothing.</exception>
    /// <exception cref="ArtifactStoreException">The container is not there, or cannot be read.</exception>
    public static async Task<BlobFolder> OpenAsync(BlobPlace place, AzureBlobStoreOptions? options, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(place);
        options ??= new AzureBlobStoreOptions();
        options.Check();
        BlobContainerClient container = place.Connect(options);
        ImmutableSortedDictionary<string, BlobVersion>.Builder files = ImmutableSortedDictionary.CreateBuilder<string, BlobVersion>(StringComparer.Ordinal);
        try
        {
            await foreach (BlobHierarchyItem item in container.GetBlobsByHierarchyAsync(BlobTraits.None, BlobStates.None, "/", place.Prefix, cancellation).ConfigureAwait(false))
            {
                // An account with folders of its own lists them as empty blobs.
                if (item.Blob is { Properties: { ContentLength: { } length, ETag: { } version } properties } && item.Blob.Name.Length > place.Prefix.Length)
                {
                    files[item.Blob.Name[place.Prefix.Length..]] = new BlobVersion(length, version, properties.LastModified?.UtcDateTime);
                }
            }
        }
        catch (Exception failure) when (BlobTexts.IsServiceFailure(failure, cancellation))
        {
            throw BlobTexts.Failed(place.Description, "listing the files of a model", failure);
        }

        return files.Count > 0
            ? new BlobFolder(place, container, files.ToImmutable(), new BlobWindow(options, cancellation))
            : throw new UnsupportedModelException($"there is no model in '{place.Description}': expected config.json and *.safetensors directly below it, found nothing. Check the address");
    }

    /// <summary>Opens one file, such as a text.</summary>
    /// <param name="place">The container and, as the prefix, the blob.</param>
    /// <param name="options">How bytes are moved; null for the defaults.</param>
    /// <param name="cancellation">Stops the call, and every later read.</param>
    /// <returns>The open file; dispose it.</returns>
    /// <exception cref="FileNotFoundException">There is no such blob.</exception>
    /// <exception cref="ArtifactStoreException">The container is not there, or cannot be read.</exception>
    public static async Task<IByteSource> OpenFileAsync(BlobPlace place, AzureBlobStoreOptions? options, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(place);
        options ??= new AzureBlobStoreOptions();
        options.Check();
        string name = place.Prefix.TrimEnd('/');
        if (name.Length == 0)
        {
            throw new FileNotFoundException($"'{place.Description}' is a container: expected the address of a file in it");
        }

        BlockBlobClient blob = place.Connect(options).GetBlockBlobClient(name);
        try
        {
            BlobProperties found = (await blob.GetPropertiesAsync(cancellationToken: cancellation).ConfigureAwait(false)).Value;
            var version = new BlobVersion(found.ContentLength, found.ETag, found.LastModified.UtcDateTime);
            return new BlobFile(blob, name[(name.LastIndexOf('/') + 1)..], place.Description, version, new BlobWindow(options, cancellation));
        }
        catch (RequestFailedException failure) when (failure.Status == 404 && failure.ErrorCode != BlobErrorCode.ContainerNotFound)
        {
            throw new FileNotFoundException($"there is no file '{place.Description}'. Check the address", failure);
        }
        catch (Exception failure) when (BlobTexts.IsServiceFailure(failure, cancellation))
        {
            throw BlobTexts.Failed(place.Description, "looking at a file", failure);
        }
    }

    /// <inheritdoc/>
    public bool Contains(string name) => _files.ContainsKey(name);

    /// <inheritdoc/>
    public string Locate(string name) => $"{Description}/{name}";

    /// <inheritdoc/>
    public IByteSource Open(string name) => _files.TryGetValue(name, out BlobVersion? version)
        ? new BlobFile(_container.GetBlockBlobClient(_prefix + name), name, Locate(name), version, _window)
        : throw new FileNotFoundException($"there is no file '{Locate(name)}'; there are {string.Join(", ", _files.Keys)}", name);
}
