using System.Buffers;
using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using MambaQuant.Pipeline.Artifacts;

namespace MambaQuant.Storage;

/// <summary>A store in a container of Azure Blob Storage, or below a prefix in one: a block blob per artifact.</summary>
/// <remarks>
/// A blob holds the same bytes as a file of a <see cref="DirectoryArtifactStore"/>: the content and its <see cref="ArtifactSeal"/>. The seal's footer is
/// also kept as metadata, so that one request, or a listing, tells what an artifact is. A put uploads blocks that nobody sees and commits them under the
/// condition that there is no blob of that name; the service decides races. A read downloads ranges in parallel and compares each with its checksums; bytes
/// that differ are downloaded again before they count as corrupt. Failures that may pass are repeated with growing waits, first by the client library.
/// </remarks>
public sealed partial class AzureBlobArtifactStore : IArtifactStore
{
    private readonly BlobContainerClient _container;
    private readonly string _prefix;
    private readonly AzureBlobStoreOptions _options;

    private AzureBlobArtifactStore(BlobPlace place, AzureBlobStoreOptions options)
    {
        options.Check();
        _container = place.Connect(options);
        _prefix = place.Prefix;
        _options = options;
        Description = place.Description;
    }

    /// <summary>The address of the container and the prefix, without any token.</summary>
    public string Description { get; }

    /// <summary>Opens a container, or a prefix in one, as a store; an absent or empty one becomes one.</summary>
    /// <param name="place">Where.</param>
    /// <param name="options">How bytes are moved; null for the defaults.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <exception cref="ArtifactStoreException">The place holds something else, is of a newer format, or cannot be used.</exception>
    public static async Task<AzureBlobArtifactStore> OpenOrCreateAsync(BlobPlace place, AzureBlobStoreOptions? options, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(place);
        var store = new AzureBlobArtifactStore(place, options ?? new AzureBlobStoreOptions());
        if (!await store.GuardAsync("opening it", () => store.IsMarkedAsync(cancellation), cancellation).ConfigureAwait(false))
        {
            await store.GuardAsync("making it", () => store.MarkAsync(cancellation), cancellation).ConfigureAwait(false);
        }

        return store;
    }

    /// <summary>Opens a container, or a prefix in one, that is a store already; writes nothing, so that a token that only reads is enough.</summary>
    /// <param name="place">Where.</param>
    /// <param name="options">How bytes are moved; null for the defaults.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <exception cref="ArtifactStoreException">There is no store, it is of a newer format, or cannot be read.</exception>
    public static async Task<AzureBlobArtifactStore> OpenAsync(BlobPlace place, AzureBlobStoreOptions? options, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(place);
        var store = new AzureBlobArtifactStore(place, options ?? new AzureBlobStoreOptions());
        return await store.GuardAsync("opening it", () => store.IsMarkedAsync(cancellation), cancellation).ConfigureAwait(false)
            ? store
            : throw new ArtifactStoreException($"there is no store in '{store.Description}': expected a blob '{StoreMarker.Name}'. Check the address");
    }

    /// <inheritdoc/>
    public async Task<ArtifactInfo?> HeadAsync(string name, CancellationToken cancellation)
    {
        ArtifactName.Check(name);
        Found? found = await FindAsync(name, cancellation).ConfigureAwait(false);
        return found is { Fault: { } fault } ? throw StoreTexts.Corrupt(Description, name, fault) : found?.Info;
    }

    /// <inheritdoc/>
    public async Task<Stream> OpenReadAsync(string name, long offset, long? length, CancellationToken cancellation)
    {
        ArtifactName.Check(name);
        cancellation.ThrowIfCancellationRequested();
        return await GuardAsync(
            $"reading '{name}'",
            () => offset == 0 ? OpenFromStartAsync(name, length, cancellation) : OpenRangeAsync(name, offset, length, cancellation),
            cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ArtifactInfo> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ArtifactName.CheckPrefix(prefix);

        // Sorted here: an account with folders of its own sorts '/' before everything else.
        List<ArtifactInfo> found = await GuardAsync($"listing '{prefix}'", () => ListAllAsync(prefix, cancellation), cancellation).ConfigureAwait(false);
        found.Sort((left, right) => string.CompareOrdinal(left.Name, right.Name));
        foreach (ArtifactInfo info in found)
        {
            cancellation.ThrowIfCancellationRequested();
            yield return info;
        }
    }

    /// <inheritdoc/>
    public async Task<bool> DeleteAsync(string name, CancellationToken cancellation)
    {
        ArtifactName.Check(name);
        return await GuardAsync(
            $"deleting '{name}'",
            async () => (await Blob(name).DeleteIfExistsAsync(DeleteSnapshotsOption.IncludeSnapshots, cancellationToken: cancellation).ConfigureAwait(false)).Value,
            cancellation).ConfigureAwait(false);
    }

    private static ArtifactInfo? ReadSeal(string name, long storedLength, IDictionary<string, string> metadata, out string? fault)
    {
        byte[] footer = [];
        if (metadata.TryGetValue(BlobUpload.SealKey, out string? text) && text.Length == 2 * ArtifactSeal.FooterSize && text.All(char.IsAsciiHexDigit))
        {
            footer = Convert.FromHexString(text);
        }

        ArtifactInfo? info = ArtifactSeal.ReadFooter(name, storedLength, footer, out fault);
        fault = footer.Length == 0 ? "the blob carries no seal: altered, or not written by this program" : fault;
        return info;
    }

    private BlockBlobClient Blob(string name) => _container.GetBlockBlobClient(_prefix + name);

    /// <summary>The beginning of the content comes with the first answer, and the whole of it where it is short.</summary>
    private async Task<Stream> OpenFromStartAsync(string name, long? length, CancellationToken cancellation)
    {
        int wanted = (int)Math.Min(_options.TransferSize, Math.Max(length ?? long.MaxValue, ArtifactSeal.BlockSize));
        byte[] start = ArrayPool<byte>.Shared.Rent(wanted);
        BlockBlobClient blob = Blob(name);
        (BlobDownloadDetails details, long stored, int count) = await NotFoundAsync(name, () => BlobReader.DownloadStartAsync(blob, start.AsMemory(0, wanted), cancellation)).ConfigureAwait(false);
        if (ReadSeal(name, stored, details.Metadata, out _) is not { } info || count < Math.Min(stored, wanted))
        {
            return await OpenRangeAsync(name, 0, length, cancellation).ConfigureAwait(false); // which looks again before it says what is wrong
        }

        long range = StoreTexts.CheckRange(info, 0, length);
        bool isAll = stored <= count;
        Task<ArtifactSeal> seal = isAll && ArtifactSeal.Read(info, start.AsMemory((int)info.Length, (int)(stored - info.Length)).ToArray(), out _) is { } read
            ? Task.FromResult(read)
            : ReadTableAsync(blob, info, details.ETag, cancellation);
        int whole = (int)Math.Min(info.Length, isAll ? count : ArtifactSeal.BlockStart(count));
        return new BlobReadStream(new BlobReader(Description, blob, info, details.ETag, seal), 0, range, _options, start, whole);
    }

    private async Task<Stream> OpenRangeAsync(string name, long offset, long? length, CancellationToken cancellation)
    {
        Found found = await FindAsync(name, cancellation).ConfigureAwait(false) ?? throw StoreTexts.NotFound(Description, name);
        ArtifactInfo info = found.Info ?? throw StoreTexts.Corrupt(Description, name, found.Fault!);
        long range = StoreTexts.CheckRange(info, offset, length);
        BlockBlobClient blob = Blob(name);
        var reader = new BlobReader(Description, blob, info, found.Version, ReadTableAsync(blob, info, found.Version, cancellation));
        return new BlobReadStream(reader, offset, range, _options, null, 0);
    }

    /// <summary>Fetches the table of checksums behind the content.</summary>
    private Task<ArtifactSeal> ReadTableAsync(BlockBlobClient blob, ArtifactInfo info, ETag version, CancellationToken cancellation) => GuardAsync(
        $"reading '{info.Name}'",
        async () =>
        {
            byte[] tail = new byte[checked((int)(ArtifactSeal.StoredLength(info.Length) - info.Length))];
            string? fault = null;
            for (int round = 0; round < BlobReader.MostDownloads; round++)
            {
                try
                {
                    await BlobReader.DownloadAsync(blob, info.Length, tail, version, cancellation).ConfigureAwait(false);
                }
                catch (RequestFailedException failure) when (failure.Status is 404 or 412)
                {
                    throw BlobTexts.Vanished(Description, info.Name);
                }

                if (ArtifactSeal.Read(info, tail, out fault) is { } seal)
                {
                    return seal;
                }
            }

            throw StoreTexts.Corrupt(Description, info.Name, fault!);
        },
        cancellation);

    private async Task<List<ArtifactInfo>> ListAllAsync(string prefix, CancellationToken cancellation)
    {
        List<ArtifactInfo> found = [];
        await foreach (BlobItem item in _container.GetBlobsAsync(BlobTraits.Metadata, BlobStates.None, _prefix + prefix, cancellation).ConfigureAwait(false))
        {
            string name = item.Name[_prefix.Length..];
            if (ArtifactName.IsValid(name))
            {
                ArtifactInfo? info = ReadSeal(name, item.Properties.ContentLength ?? 0, item.Metadata, out _);
                found.Add(info ?? ArtifactInfo.Damaged(name));
            }
        }

        return found;
    }

    /// <summary>Looks at one blob; again where its seal is not sound, for it may have been altered on the way only.</summary>
    private Task<Found?> FindAsync(string name, CancellationToken cancellation) => GuardAsync(
        $"looking at '{name}'",
        async () =>
        {
            for (int round = 1; ; round++)
            {
                try
                {
                    BlobProperties properties = (await Blob(name).GetPropertiesAsync(cancellationToken: cancellation).ConfigureAwait(false)).Value;
                    ArtifactInfo? info = ReadSeal(name, properties.ContentLength, properties.Metadata, out string? fault);
                    if (info is not null || round == BlobReader.MostDownloads)
                    {
                        return new Found(info, fault, properties.ETag, properties.Metadata);
                    }
                }
                catch (RequestFailedException failure) when (failure.Status == 404 && failure.ErrorCode != "ContainerNotFound")
                {
                    return (Found?)null;
                }
            }
        },
        cancellation);

    private async Task<T> NotFoundAsync<T>(string name, Func<Task<T>> action)
    {
        try
        {
            return await action().ConfigureAwait(false);
        }
        catch (RequestFailedException failure) when (failure.ErrorCode == BlobErrorCode.BlobNotFound)
        {
            throw StoreTexts.NotFound(Description, name);
        }
        catch (RequestFailedException failure) when (failure.ErrorCode == BlobErrorCode.InvalidRange)
        {
            throw StoreTexts.Corrupt(Description, name, "the blob is empty");
        }
    }

    private async Task<T> GuardAsync<T>(string what, Func<Task<T>> action, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        try
        {
            return await action().ConfigureAwait(false);
        }
        catch (Exception failure) when (BlobTexts.IsServiceFailure(failure, cancellation))
        {
            throw BlobTexts.Failed(Description, what, failure);
        }
    }

    private Task GuardAsync(string what, Func<Task> action, CancellationToken cancellation) => GuardAsync(
        what,
        async () =>
        {
            await action().ConfigureAwait(false);
            return true;
        },
        cancellation);

    private async Task<bool> IsMarkedAsync(CancellationToken cancellation)
    {
        try
        {
            BlobDownloadResult marker = (await Blob(StoreMarker.Name).DownloadContentAsync(cancellation).ConfigureAwait(false)).Value;
            StoreMarker.Check(Description, marker.Content.ToMemory());
            return true;
        }
        catch (RequestFailedException failure) when (failure.Status == 404)
        {
            return false;
        }
    }

    private async Task<bool> MarkAsync(CancellationToken cancellation)
    {
        await _container.CreateIfNotExistsAsync(cancellationToken: cancellation).ConfigureAwait(false);
        await foreach (BlobItem item in _container.GetBlobsAsync(BlobTraits.None, BlobStates.None, _prefix, cancellation).ConfigureAwait(false))
        {
            return item.Name == _prefix + StoreMarker.Name ? true : throw StoreMarker.Foreign(Description, item.Name);
        }

        var upload = new BlobUploadOptions { Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All } };
        try
        {
            await Blob(StoreMarker.Name).UploadAsync(new MemoryStream(StoreMarker.Content), upload, cancellation).ConfigureAwait(false);
        }
        catch (RequestFailedException failure) when (failure.Status is 409 or 412)
        {
            return await IsMarkedAsync(cancellation).ConfigureAwait(false); // another process was first: the same format, or refused
        }

        return true;
    }

    /// <summary>A blob as it was seen.</summary>
    /// <param name="Info">The artifact; null where its seal is not sound.</param>
    /// <param name="Fault">What is wrong with the seal.</param>
    /// <param name="Version">The blob's version.</param>
    /// <param name="Metadata">What is kept with it.</param>
    private sealed record Found(ArtifactInfo? Info, string? Fault, ETag Version, IDictionary<string, string> Metadata);
}
