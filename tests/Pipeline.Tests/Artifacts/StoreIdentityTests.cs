using System.Text;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Artifacts;

public sealed class StoreIdentityTests
{
    [Fact]
    public async Task Identity_IsOneForAStore_WhoeverAsksFirst_AndAnotherForAnother()
    {
        using var folder = new TemporaryDirectory();
        IArtifactStore store = DirectoryArtifactStore.OpenOrCreate(folder.File("store"));

        string[] asked = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => StoreIdentity.OfAsync(store, CancellationToken.None))));

        string identity = Assert.Single(asked.Distinct());
        Assert.Matches("^[0-9a-f]{32}$", identity);
        Assert.Equal(identity, await StoreIdentity.OfAsync(DirectoryArtifactStore.Open(folder.File("store")), CancellationToken.None));
        Assert.NotEqual(identity, await StoreIdentity.OfAsync(new MemoryArtifactStore(), CancellationToken.None));
    }

    [Fact]
    public async Task DamagedIdentity_IsSaid_AndNotMadeAnew()
    {
        var store = new MemoryArtifactStore();
        await StoreIdentity.OfAsync(store, CancellationToken.None);
        store.Damage(StoreIdentity.Name, 3);

        ArtifactStoreException fault = await Assert.ThrowsAsync<ArtifactStoreException>(() => StoreIdentity.OfAsync(store, CancellationToken.None));
        Assert.Contains("Stop the silos of this store", fault.Message, StringComparison.Ordinal);

        var other = new MemoryArtifactStore();
        await other.PutIfAbsentAsync(StoreIdentity.Name, (stream, token) => stream.WriteAsync(Encoding.ASCII.GetBytes("somebody"), token).AsTask(), CancellationToken.None);
        await Assert.ThrowsAsync<ArtifactStoreException>(() => StoreIdentity.OfAsync(other, CancellationToken.None));
    }
}
