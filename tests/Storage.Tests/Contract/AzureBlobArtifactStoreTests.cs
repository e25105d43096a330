using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Storage.Tests.Running;
using Xunit;

namespace MambaQuant.Storage.Tests.Contract;

[NeedsAzurite]
public sealed class AzureBlobArtifactStoreTests : SealedStoreContract, IAsyncLifetime
{
    private readonly Lazy<string> _location = new(() => Emulated.NewLocation());
    private IArtifactStore? _store;

    private protected override IArtifactStore Store => _store!;

    private protected override string Location => _location.Value;

    /// <summary>The emulator looks, waits and deletes, and takes a blob that is still being written for one.</summary>
    private protected override bool CountsDeletions => false;

    private BlobPlace Place => BlobPlace.FromConnectionString(Location);

    public async Task InitializeAsync() => _store = await AzureBlobArtifactStore.OpenOrCreateAsync(Place, Emulated.Options, CancellationToken.None);

    public Task DisposeAsync() => Task.CompletedTask;

    [StoreTheory]
    [InlineData("seal", "00")]
    [InlineData("seal", "")]
    [InlineData("seal", null)]
    public async Task AlteredMetadata_IsFound(string key, string? value)
    {
        byte[] content = PatternContent.Bytes(30, 1000);
        await Put("x", content);
        BlobClient blob = Place.Connect(Emulated.Options).GetBlobClient("x");
        IDictionary<string, string> metadata = (await blob.GetPropertiesAsync()).Value.Metadata;
        metadata.Remove(key);
        if (value is not null)
        {
            metadata[key] = value;
        }

        await blob.SetMetadataAsync(metadata);

        await Assert.ThrowsAsync<CorruptArtifactException>(() => ReadAll("x"));
        await Assert.ThrowsAsync<CorruptArtifactException>(() => Store.HeadAsync("x", CancellationToken.None));
        Assert.True(Assert.Single(await List("")).IsDamaged);
        Assert.True((await Put("x", content)).Written);
        Assert.Equal(content, await ReadAll("x"));
    }

    private protected override async Task AlterAsync(string name, Func<byte[], byte[]> alter)
    {
        BlobClient blob = Place.Connect(Emulated.Options).GetBlobClient(name);
        BlobDownloadResult before = (await blob.DownloadContentAsync()).Value;
        await blob.UploadAsync(new BinaryData(alter(before.Content.ToArray())), new BlobUploadOptions { Metadata = before.Details.Metadata });
    }
}
