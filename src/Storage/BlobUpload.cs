using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Azure;
using Azure.Storage;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using MambaQuant.Pipeline.Artifacts;

namespace MambaQuant.Storage;

/// <summary>One artifact on its way up: blocks that nobody sees, and the commit that makes a blob of them unless there is one.</summary>
/// <remarks>
/// Every block carries its MD5; the service refuses one that was altered on the way, and it is sent again. The names of the blocks begin with a random
/// number, so that two who put one artifact at once never mix their blocks; the same number, kept with the blob, tells a commit whose answer got lost
/// from somebody else's. Content shorter than a transfer goes up in one request. Blocks that are never committed are removed by the service.
/// </remarks>
internal sealed class BlobUpload(BlockBlobClient blob, int transferSize)
{
    /// <summary>Names of what is kept with a blob: the seal's footer, and the put that made it.</summary>
    public const string SealKey = "seal", PutKey = "put";

    private const int MostAltered = 5;

    private static readonly UploadTransferValidationOptions Checked = new() { ChecksumAlgorithm = StorageChecksumAlgorithm.MD5 };

    private readonly byte[] _put = RandomNumberGenerator.GetBytes(12);
    private int _blocks;
    private byte[] _end = [];

    private string Put => Convert.ToHexStringLower(_put);

    /// <summary>Sends a chunk; the content's end waits for the seal, and goes up together with it.</summary>
    /// <param name="chunk">All of a transfer, or the content's end.</param>
    /// <param name="cancellation">Stops the call.</param>
    public Task StoreAsync(ReadOnlyMemory<byte> chunk, CancellationToken cancellation)
    {
        if (chunk.Length < transferSize)
        {
            _end = chunk.ToArray();
            return Task.CompletedTask;
        }

        return StageAsync(_blocks++, chunk, cancellation);
    }

    /// <summary>Sends the end with the seal, unless it goes up with the commit.</summary>
    /// <param name="seal">Seal of the content.</param>
    /// <param name="cancellation">Stops the call.</param>
    public Task StoreEndAsync(ArtifactSeal seal, CancellationToken cancellation)
    {
        _end = [.. _end, .. seal.Encode()];
        return _blocks == 0 ? Task.CompletedTask : StageAsync(_blocks, _end, cancellation);
    }

    /// <summary>Makes the blob unless there is one.</summary>
    /// <param name="seal">Seal of the content.</param>
    /// <param name="isAgain">Whether the first try was refused although nothing is there.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <returns>False where there is one; of whom, <see cref="IsOwn"/> tells.</returns>
    public async Task<bool> TryCommitAsync(ArtifactSeal seal, bool isAgain, CancellationToken cancellation)
    {
        var metadata = new Dictionary<string, string> { [SealKey] = Convert.ToHexStringLower(seal.Footer), [PutKey] = Put };
        var absent = new BlobRequestConditions { IfNoneMatch = ETag.All };
        var headers = new BlobHttpHeaders { ContentType = "application/octet-stream" };
        try
        {
            if (_blocks == 0 && !isAgain)
            {
                var options = new BlobUploadOptions { Metadata = metadata, Conditions = absent, HttpHeaders = headers, TransferValidation = Checked };
                await AgainIfAlteredAsync(() => blob.UploadAsync(Stream(_end), options, cancellation)).ConfigureAwait(false);
            }
            else
            {
                if (_blocks == 0)
                {
                    // The emulator takes somebody's uncommitted blocks for a blob, unless blocks are committed.
                    await StageAsync(0, _end, cancellation).ConfigureAwait(false);
                }

                var options = new CommitBlockListOptions { Metadata = metadata, Conditions = absent, HttpHeaders = headers };
                await blob.CommitBlockListAsync(Enumerable.Range(0, _blocks + 1).Select(BlockName), options, cancellation).ConfigureAwait(false);
            }

            return true;
        }
        catch (RequestFailedException failure) when (failure.ErrorCode is "BlobAlreadyExists" or "ConditionNotMet" or "UnauthorizedBlobOverwrite" or "InvalidBlockList")
        {
            // There is a blob already; the third is how a token without the right to overwrite says so. An invalid list: somebody's commit removed our
            // blocks, and perhaps somebody's deletion that blob.
            return false;
        }
    }

    /// <summary>Whether a blob was made by this upload: its commit went through, and the answer was lost.</summary>
    /// <param name="metadata">What is kept with the blob.</param>
    public bool IsOwn(IDictionary<string, string> metadata) => metadata.TryGetValue(PutKey, out string? put) && put == Put;

    /// <summary>Seekable, so that the client can send it again.</summary>
    private static MemoryStream Stream(ReadOnlyMemory<byte> bytes) =>
        MemoryMarshal.TryGetArray(bytes, out ArraySegment<byte> array)
            ? new MemoryStream(array.Array!, array.Offset, array.Count, writable: false)
            : new MemoryStream(bytes.ToArray(), writable: false);

    private static async Task AgainIfAlteredAsync(Func<Task> send)
    {
        for (int round = 1; ; round++)
        {
            try
            {
                await send().ConfigureAwait(false);
                return;
            }
            catch (RequestFailedException failure) when (round < MostAltered && (failure.ErrorCode is "Md5Mismatch" or "InvalidOperation"))
            {
                continue; // the second is how the emulator says the first
            }
        }
    }

    private Task StageAsync(int index, ReadOnlyMemory<byte> bytes, CancellationToken cancellation) => Task.Run(
        () =>
        {
            var options = new BlockBlobStageBlockOptions { TransferValidation = Checked };
            return AgainIfAlteredAsync(() => blob.StageBlockAsync(BlockName(index), Stream(bytes), options, cancellation));
        },
        cancellation);

    private string BlockName(int index)
    {
        Span<byte> name = stackalloc byte[_put.Length + sizeof(int)];
        _put.CopyTo(name);
        BinaryPrimitives.WriteInt32BigEndian(name[_put.Length..], index);
        return Convert.ToBase64String(name);
    }
}
