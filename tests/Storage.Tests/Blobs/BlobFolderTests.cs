using System.Text;
using Azure.Storage.Blobs;
using Azure.Storage.Sas;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Inputs;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Storage.Tests.Running;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Storage.Tests.Blobs;

/// <summary>Models and texts that somebody put into a container as they are.</summary>
[NeedsAzurite]
public sealed class BlobFolderTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [StoreFact]
    public async Task Model_IsReadByRangeAsFromItsFolder_WithTheSameIdentity()
    {
        string path = ShardedModel.Write(_folder);
        (BlobPlace place, BlobContainerClient container) = await NewFolderAsync("models/sharded");
        foreach (string file in Directory.GetFiles(path))
        {
            await container.UploadBlobAsync($"models/sharded/{Path.GetFileName(file)}", BinaryData.FromBytes(await File.ReadAllBytesAsync(file)));
        }

        await container.UploadBlobAsync("models/sharded/deeper/config.json", BinaryData.FromString("not of this model"));
        await container.UploadBlobAsync("models/sharded.json", BinaryData.FromString("beside it"));
        BlobFolder blobs = await BlobFolder.OpenAsync(BlobPlace.FromAddress(Signed(container, "models/sharded", BlobContainerSasPermissions.Read | BlobContainerSasPermissions.List)), Emulated.Options, default);
        Assert.Equal(place.Description, blobs.Description);
        Assert.Equal(Directory.GetFiles(path).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal), blobs.Names);

        using MambaCheckpoint folder = MambaCheckpoint.Open(path), remote = MambaCheckpoint.Open(blobs);
        foreach (string name in folder.Tensors.Names.Reverse())
        {
            Assert.Equal(folder.Tensors.Get(name).ReadFloat32(), remote.Tensors.Get(name).ReadFloat32());
        }

        ModelIdentity identity = ModelIdentity.Of(remote), expected = ModelIdentity.Of(folder);
        Assert.Equal((expected.Name, expected.Index), (identity.Name, identity.Index));
        Assert.Equal(expected.Files, identity.Files);
        Assert.Equal(expected.Tensors, identity.Tensors);

        // And goes on into a store, from where workers read it.
        AzureBlobArtifactStore store = await AzureBlobArtifactStore.OpenOrCreateAsync(Emulated.NewPlace(), Emulated.Options, default);
        InputPlace stored = await new InputUpload(store).PutModelAsync(blobs, identity, null, default);
        using MambaCheckpoint uploaded = MambaCheckpoint.Open(new StoredModelFiles(store, stored.Files));
        Assert.Equal(expected.Files, ModelIdentity.Of(uploaded).Files);
    }

    [StoreFact]
    public async Task File_ThatIsReplacedWhileItIsRead_GivesNoBytesOfTheNewOne()
    {
        (BlobPlace place, BlobContainerClient container) = await NewFolderAsync("texts/train.txt");
        BlobClient blob = container.GetBlobClient("texts/train.txt");
        byte[] first = new byte[BlobWindow.FirstBytes + 5], buffer = new byte[first.Length];
        new Random(1).NextBytes(first);
        await blob.UploadAsync(BinaryData.FromBytes(first));
        using IByteSource file = await BlobFolder.OpenFileAsync(place, Emulated.Options, default);
        Assert.Equal(("train.txt", first.Length), (file.Name, file.Length));
        Assert.Equal(first.Length, file.Read(buffer, 0));
        Assert.Equal(first, buffer);
        Assert.Equal(3, file.Read(buffer, first.Length - 3));
        Assert.Equal(0, file.Read(buffer, first.Length));
        Assert.Equal(10, file.Read(buffer.AsSpan(0, 10), 0));

        await blob.UploadAsync(BinaryData.FromBytes(new byte[first.Length]), overwrite: true);

        ChangedInputException changed = Assert.Throws<ChangedInputException>(() => file.Read(buffer, 0));
        Assert.Contains("texts/train.txt' was replaced or deleted", changed.Message, StringComparison.Ordinal);
        using IByteSource again = await BlobFolder.OpenFileAsync(place, Emulated.Options, default);
        Assert.Equal(first.Length, again.Read(buffer, 0));
        Assert.All(buffer, value => Assert.Equal(0, value));
    }

    [StoreFact]
    public async Task WhatIsNotThere_IsSaid_WithoutASecret()
    {
        (BlobPlace place, BlobContainerClient container) = await NewFolderAsync("nothing");
        Uri refused = Signed(container, "nothing", BlobContainerSasPermissions.Write);
        AzureBlobStoreOptions impatient = Emulated.Options with { MaxRetries = 0 };
        BlobPlace absent = BlobPlace.FromConnectionString(AzuriteServer.Shared.ConnectionString() + "Container=no-such-container/x");

        Exception[] failures =
        [
            await Assert.ThrowsAsync<UnsupportedModelException>(() => BlobFolder.OpenAsync(place, impatient, default)),
            await Assert.ThrowsAsync<FileNotFoundException>(() => BlobFolder.OpenFileAsync(place, impatient, default)),
            await Assert.ThrowsAsync<ArtifactStoreException>(() => BlobFolder.OpenAsync(absent, impatient, default)),
            await Assert.ThrowsAsync<ArtifactStoreException>(() => BlobFolder.OpenAsync(BlobPlace.FromAddress(refused), impatient, default)),
            await Assert.ThrowsAsync<ArtifactStoreException>(() => BlobFolder.OpenFileAsync(BlobPlace.FromAddress(refused), impatient, default)),
            Assert.Throws<ArgumentException>(() => StoreLocation.BlobsOf("Endpoint=x;AccountKey=" + AzuriteServer.AccountKey)),
        ];

        string signature = refused.Query.Split('&').Single(part => part.StartsWith("sig=", StringComparison.Ordinal))[4..];
        string said = new StringBuilder().AppendJoin('\n', failures.Select(failure => failure.ToString())).ToString();
        Assert.All([AzuriteServer.AccountKey, signature, Uri.UnescapeDataString(signature)], secret => Assert.DoesNotContain(secret, said, StringComparison.Ordinal));
        Assert.Contains("expected config.json and *.safetensors directly below it, found nothing", failures[0].Message, StringComparison.Ordinal);
        Assert.Contains("does not exist", failures[2].Message, StringComparison.Ordinal);
        Assert.Contains("refuses", failures[3].Message, StringComparison.Ordinal);
    }

    private static async Task<(BlobPlace Place, BlobContainerClient Container)> NewFolderAsync(string prefix)
    {
        string location = Emulated.NewLocation();
        BlobContainerClient container = BlobPlace.FromConnectionString(location).Connect(Emulated.Options);
        await container.CreateAsync();
        return (BlobPlace.FromConnectionString($"{location}/{prefix}"), container);
    }

    private static Uri Signed(BlobContainerClient container, string prefix, BlobContainerSasPermissions permissions)
    {
        var address = new BlobUriBuilder(container.GenerateSasUri(permissions, DateTimeOffset.UtcNow.AddHours(1))) { BlobName = prefix };
        return address.ToUri();
    }
}
