using System.Text;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Inputs;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Storage.Tests.Running;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Storage.Tests.Blobs;

/// <summary>A model is uploaded into blobs once, and read from there by range.</summary>
[NeedsAzurite]
public sealed class BlobInputTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [StoreFact]
    public async Task Model_IsReadFromBlobsAsFromItsFolder()
    {
        string path = ShardedModel.Write(_folder);
        using MambaCheckpoint folder = MambaCheckpoint.Open(path);
        ModelIdentity identity = ModelIdentity.Of(folder);
        AzureBlobArtifactStore blobs = await AzureBlobArtifactStore.OpenOrCreateAsync(Emulated.NewPlace(), Emulated.Options, default);
        var store = new CountingStore(blobs);
        var upload = new InputUpload(store);
        InputPlace place = await upload.PutModelAsync(folder.Source, identity, null, default);
        int puts = store.Puts.Count;
        await upload.PutModelAsync(folder.Source, identity, null, default);
        Assert.Equal((identity.Files.Count + 1, identity.Files.Count + 1), (puts, store.Puts.Count));

        using MambaCheckpoint stored = MambaCheckpoint.Open(new StoredModelFiles(store, place.Files));
        foreach (string name in folder.Tensors.Names)
        {
            Assert.Equal(folder.Tensors.Get(name).ReadFloat32(), stored.Tensors.Get(name).ReadFloat32());
        }

        // No key of the store comes into what is told to others.
        var request = new JobRequest { Job = "0123456789abcdef", Name = "tiny", Order = 1, Model = place, Text = InputPlace.Self };
        await StoredRequests.PutAsync(store, request, default);
        Assert.Equal(request, await StoredRequests.FindAsync(blobs, request.Job, default));
        Assert.DoesNotContain(AzuriteServer.AccountKey, Encoding.UTF8.GetString(request.ToJson()), StringComparison.Ordinal);
        Assert.DoesNotContain(AzuriteServer.AccountKey, stored.Directory + stored.Tensors.Files[0].Path, StringComparison.Ordinal);

        await blobs.DeleteAsync(StoredInputs.NameOf(identity.Files[stored.Tensors.Files[0].Name]), default);
        ChangedInputException lost = Assert.Throws<ChangedInputException>(() => MambaCheckpoint.Open(new StoredModelFiles(store, place.Files)));
        Assert.Contains("Submit the job again", lost.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(AzuriteServer.AccountKey, lost.ToString(), StringComparison.Ordinal);
    }
}
