using System.Globalization;
using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using MambaQuant.Pipeline.Artifacts;

namespace MambaQuant.Storage;

/// <summary>Reads ranges of one blob; every range of the same version of it.</summary>
/// <param name="store">The store's description.</param>
/// <param name="blob">The blob.</param>
/// <param name="info">The artifact.</param>
/// <param name="version">The version that all ranges must come from.</param>
/// <param name="seal">Its seal, which may still be on its way: content comes along with it, and is handed out after it.</param>
internal sealed class BlobReader(string store, BlockBlobClient blob, ArtifactInfo info, ETag version, Task<ArtifactSeal> seal)
{
    /// <summary>Downloads of one range before its bytes count as wrong in the store, not on the way.</summary>
    public const int MostDownloads = 4;

    /// <summary>The artifact.</summary>
    public ArtifactInfo Info => info;

    /// <summary>Reads whole blocks and compares them with their checksums.</summary>
    /// <param name="offset">Where they begin, a multiple of the block size.</param>
    /// <param name="destination">Where they go.</param>
    /// <param name="isThere">Whether bytes are there already, to be compared first.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <exception cref="CorruptArtifactException">They differ, however often they are downloaded.</exception>
    /// <exception cref="ArtifactNotFoundException">The blob went away meanwhile.</exception>
    /// <exception cref="ArtifactStoreException">The service fails.</exception>
    public async Task ReadVerifiedAsync(long offset, Memory<byte> destination, bool isThere, CancellationToken cancellation)
    {
        for (int round = isThere ? 0 : 1; ; round++)
        {
            try
            {
                if (round > 0)
                {
                    await DownloadAsync(blob, offset, destination, version, cancellation).ConfigureAwait(false);
                }
            }
            catch (RequestFailedException failure) when (failure.Status is 404 or 412)
            {
                throw BlobTexts.Vanished(store, info.Name);
            }
            catch (Exception failure) when (BlobTexts.IsServiceFailure(failure, cancellation))
            {
                throw BlobTexts.Failed(store, $"reading '{info.Name}' at {offset}", failure);
            }

            ArtifactSeal sealedBy = await seal.ConfigureAwait(false);
            long damage = sealedBy.FindDamage(offset, destination.Span);
            if (damage < 0)
            {
                return;
            }

            if (round >= MostDownloads)
            {
                throw StoreTexts.Damage(store, sealedBy, damage);
            }
        }
    }

    /// <summary>Downloads a range.</summary>
    /// <param name="blob">The blob.</param>
    /// <param name="offset">Where in the blob.</param>
    /// <param name="destination">Where the bytes go; the range has to hold as many.</param>
    /// <param name="version">The version to read.</param>
    /// <param name="cancellation">Stops the call.</param>
    public static async Task DownloadAsync(BlockBlobClient blob, long offset, Memory<byte> destination, ETag version, CancellationToken cancellation)
    {
        var options = new BlobDownloadOptions { Range = new HttpRange(offset, destination.Length), Conditions = new BlobRequestConditions { IfMatch = version } };
        Response<BlobDownloadStreamingResult> answer = await blob.DownloadStreamingAsync(options, cancellation).ConfigureAwait(false);
        using BlobDownloadStreamingResult body = answer.Value;

        // The client asks for the rest by itself where the connection breaks within a body.
        await body.Content.ReadExactlyAsync(destination, cancellation).ConfigureAwait(false);
    }

    /// <summary>Downloads the beginning of a blob, as much as there is of it, with what is kept with the blob.</summary>
    /// <param name="blob">The blob.</param>
    /// <param name="destination">Where the bytes go.</param>
    /// <param name="cancellation">Stops the call.</param>
    public static async Task<(BlobDownloadDetails Details, long StoredLength, int Count)> DownloadStartAsync(
        BlockBlobClient blob, Memory<byte> destination, CancellationToken cancellation)
    {
        var options = new BlobDownloadOptions { Range = new HttpRange(0, destination.Length) };
        Response<BlobDownloadStreamingResult> answer = await blob.DownloadStreamingAsync(options, cancellation).ConfigureAwait(false);
        using BlobDownloadStreamingResult body = answer.Value;
        int count = await body.Content.ReadAtLeastAsync(destination, destination.Length, throwOnEndOfStream: false, cancellation).ConfigureAwait(false);

        // "bytes 0-9/1234"
        string range = body.Details.ContentRange ?? "";
        return (body.Details, long.TryParse(range[(range.LastIndexOf('/') + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out long stored) ? stored : count, count);
    }
}
