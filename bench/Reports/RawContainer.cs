using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using MambaQuant.Storage;

namespace MambaQuant.Reports;

/// <summary>A container: the client library's own upload and download, with the transfers of the store.</summary>
/// <param name="container">The container.</param>
/// <param name="options">The transfers.</param>
internal sealed class RawContainer(BlobContainerClient container, AzureBlobStoreOptions options) : IRawPlace
{
    private readonly StorageTransferOptions _transfers = new()
    {
        InitialTransferSize = options.TransferSize,
        MaximumTransferSize = options.TransferSize,
        MaximumConcurrency = options.Parallelism,
    };

    /// <inheritdoc/>
    public async Task PutAsync(string name, byte[] piece, long length)
    {
        using var content = new RepeatedPiece(piece, length);
        await container.GetBlockBlobClient(name).UploadAsync(content, new BlobUploadOptions { TransferOptions = _transfers });
    }

    /// <inheritdoc/>
    public Task GetAsync(string name, byte[] piece) => container.GetBlobClient(name).DownloadToAsync(Stream.Null, new BlobDownloadToOptions { TransferOptions = _transfers });

    /// <inheritdoc/>
    public Task DeleteAsync(string name) => container.DeleteBlobAsync(name);
}
