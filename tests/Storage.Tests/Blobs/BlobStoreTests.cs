using Azure.Storage.Blobs;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Storage.Tests.Contract;
using MambaQuant.Storage.Tests.Running;
using Xunit;

namespace MambaQuant.Storage.Tests.Blobs;

[NeedsAzurite]
public sealed class BlobStoreTests
{
    private static CancellationToken None => CancellationToken.None;

    [StoreFact]
    public async Task StoresBelowPrefixes_DoNotSeeEachOther()
    {
        string location = Emulated.NewLocation();
        IArtifactStore one = await ArtifactStores.OpenOrCreateAsync(location + "/one", None), two = await ArtifactStores.OpenOrCreateAsync(location + "/two/deep", None);
        await Put(one, "a/b", [1]);
        await Put(two, "a/b", [2, 2]);

        Assert.Equal(1, (await one.HeadAsync("a/b", None))!.Length);
        Assert.Equal(2, (await two.HeadAsync("a/b", None))!.Length);
        Assert.Equal(["a/b"], (await one.ListAsync("", None).ToArrayAsync()).Select(info => info.Name));
        Assert.EndsWith("/two/deep", two.Description, StringComparison.Ordinal);
    }

    [StoreFact]
    public async Task ContainerOfSomethingElse_IsRefused()
    {
        BlobPlace place = Emulated.NewPlace();
        BlobContainerClient container = place.Connect(Emulated.Options);
        await container.CreateAsync();
        await container.UploadBlobAsync("photos/cat", new BinaryData("x"));

        ArtifactStoreException failure = await Assert.ThrowsAsync<ArtifactStoreException>(() => AzureBlobArtifactStore.OpenOrCreateAsync(place, Emulated.Options, None));

        Assert.Contains("'photos/cat'", failure.Message, StringComparison.Ordinal);
    }

    [StoreFact]
    public async Task NewerFormat_IsRefused()
    {
        BlobPlace place = Emulated.NewPlace();
        BlobContainerClient container = place.Connect(Emulated.Options);
        await container.CreateAsync();
        await container.UploadBlobAsync(StoreMarker.Name, new BinaryData("{\"format\":\"mambaquant-store\",\"version\":7}"));

        Assert.Contains(
            "version 7", (await Assert.ThrowsAsync<ArtifactStoreException>(() => AzureBlobArtifactStore.OpenOrCreateAsync(place, Emulated.Options, None))).Message, StringComparison.Ordinal);
    }

    [StoreFact]
    public async Task AbsentStore_IsNotMadeByOpening()
    {
        BlobPlace place = Emulated.NewPlace();

        ArtifactStoreException failure = await Assert.ThrowsAsync<ArtifactStoreException>(() => AzureBlobArtifactStore.OpenAsync(place, Emulated.Options, None));

        Assert.Contains("there is no store", failure.Message, StringComparison.Ordinal);
        Assert.False(await place.Connect(Emulated.Options).ExistsAsync());
    }

    [StoreFact]
    public async Task ManyOpeningAtOnce_MakeOneStore()
    {
        BlobPlace place = Emulated.NewPlace();

        AzureBlobArtifactStore[] stores = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => AzureBlobArtifactStore.OpenOrCreateAsync(place, Emulated.Options, None)));

        await Put(stores[0], "a", [1]);
        Assert.NotNull(await stores[7].HeadAsync("a", None));
    }

    [StoreFact]
    public async Task ArtifactDeletedOrMadeAgainWhileItIsRead_IsSaid()
    {
        AzureBlobArtifactStore store = await AzureBlobArtifactStore.OpenOrCreateAsync(Emulated.NewPlace(), Emulated.Options with { Parallelism = 1 }, None);
        foreach (bool isMadeAgain in (bool[])[false, true])
        {
            await Put(store, "x", PatternContent.Bytes(60, 2_000_000));
            await using Stream stream = await store.OpenReadAsync("x", 0, null, None);
            byte[] start = new byte[1000];
            await stream.ReadExactlyAsync(start);
            await store.DeleteAsync("x", None);
            if (isMadeAgain)
            {
                await Put(store, "x", PatternContent.Bytes(61, 2_000_000));
            }

            ArtifactNotFoundException failure = await Assert.ThrowsAsync<ArtifactNotFoundException>(() => stream.CopyToAsync(Stream.Null));

            Assert.Equal(PatternContent.Bytes(60, 1000), start);
            Assert.Contains("while it was read", failure.Message, StringComparison.Ordinal);
        }
    }

    [StoreFact]
    public async Task ReadThatIsAbandoned_LeavesNothingBehind()
    {
        AzureBlobArtifactStore store = await AzureBlobArtifactStore.OpenOrCreateAsync(Emulated.NewPlace(), Emulated.Options, None);
        await Put(store, "x", PatternContent.Bytes(62, 3_000_000));

        for (int round = 0; round < 20; round++)
        {
            Stream stream = await store.OpenReadAsync("x", 0, null, None);
            await stream.ReadExactlyAsync(new byte[10]);
            await stream.DisposeAsync();
            await Assert.ThrowsAsync<ObjectDisposedException>(async () => await stream.ReadExactlyAsync(new byte[10]));
        }
    }

    private static Task<PutOutcome> Put(IArtifactStore store, string name, byte[] content) =>
        store.PutIfAbsentAsync(name, async (stream, cancellation) => await stream.WriteAsync(content, cancellation), None);
}
