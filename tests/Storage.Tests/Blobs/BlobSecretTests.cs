using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using Azure.Core.Diagnostics;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Sas;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Storage.Tests.Running;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Storage.Tests.Blobs;

/// <summary>Tokens: what they allow, and that nobody ever sees them.</summary>
[NeedsAzurite]
public sealed class BlobSecretTests
{
    private static CancellationToken None => CancellationToken.None;

    [StoreFact]
    public async Task TokenThatOnlyReads_ReadsAndSaysWhyItDoesNotWrite()
    {
        BlobPlace place = Emulated.NewPlace();
        await Put(await AzureBlobArtifactStore.OpenOrCreateAsync(place, Emulated.Options, None), "x");

        AzureBlobArtifactStore store = await AzureBlobArtifactStore.OpenOrCreateAsync(BlobPlace.FromAddress(Token(place, "rl")), Emulated.Options, None);

        await using (Stream stream = await store.OpenReadAsync("x", 0, null, None))
        {
            Assert.Equal(1, stream.ReadByte());
        }

        Assert.Single(await store.ListAsync("", None).ToArrayAsync());
        Assert.Contains("refuses (writing 'y')", (await Assert.ThrowsAsync<ArtifactStoreException>(() => Put(store, "y"))).Message, StringComparison.Ordinal);
        Assert.Contains("refuses (deleting 'x')", (await Assert.ThrowsAsync<ArtifactStoreException>(() => store.DeleteAsync("x", None))).Message, StringComparison.Ordinal);
    }

    [StoreFact]
    public async Task NoSecret_IsInDescriptionMessageOrLog()
    {
        ConcurrentQueue<string> said = [];
        using var listener = new AzureEventSourceListener((_, text) => said.Enqueue(text), EventLevel.Verbose);
        BlobPlace place = Emulated.NewPlace();
        Uri token = Token(place, "rcwdl"), reading = Token(place, "rl"), wrong = new(token.AbsoluteUri[..^8] + "AAAA%3D");
        string[] secrets = [AzuriteServer.AccountKey, .. new[] { token, reading, wrong }.SelectMany(uri => new[] { Signature(uri), Uri.UnescapeDataString(Signature(uri)) })];
        AzureBlobArtifactStore withKey = await AzureBlobArtifactStore.OpenOrCreateAsync(place, Emulated.Options, None);
        await Put(withKey, "x");
        AzureBlobStoreOptions impatient = Emulated.Options with { MaxRetries = 0 };

        foreach (Uri address in (Uri[])[token, reading, wrong])
        {
            BlobPlace seen = BlobPlace.FromAddress(address);
            said.Enqueue($"{seen} {seen.Description} {seen.Prefix}");
            await Say(said, async () =>
            {
                AzureBlobArtifactStore store = await AzureBlobArtifactStore.OpenAsync(seen, impatient, None);
                said.Enqueue(store.Description);
                await Say(said, () => store.OpenReadAsync("absent", 0, null, None));
                await Say(said, () => store.OpenReadAsync("x", 5, 7, None));
                await Say(said, () => Put(store, "y"));
                await Say(said, () => store.DeleteAsync("y", None));
            });
        }

        Uri unreachable = new(token.AbsoluteUri.Replace($":{AzuriteServer.Shared.Port}/", ":1/", StringComparison.Ordinal));
        await Say(said, () => AzureBlobArtifactStore.OpenAsync(BlobPlace.FromAddress(unreachable), impatient, None));
        await Say(said, () => ArtifactStores.OpenAsync(unreachable.AbsoluteUri.Replace("http://", "ftp://", StringComparison.Ordinal), None));
        await Say(said, () => ArtifactStores.OpenAsync("AccountName=x;AccountKey=" + AzuriteServer.AccountKey + ";Broken", None));
        await Say(said, () => ArtifactStores.OpenAsync("AccountName=x;AccountKey=not/base64" + Signature(token) + ";EndpointSuffix=", None));

        Assert.True(said.Count > 20);
        Assert.Contains(said, text => text.Contains("ArtifactStoreException", StringComparison.Ordinal));
        Assert.Contains(said, text => text.Contains("Request [", StringComparison.Ordinal)); // the client library's own log
        Assert.All(secrets, secret => Assert.DoesNotContain(said, text => text.Contains(secret, StringComparison.Ordinal)));
    }

    private static async Task Say(ConcurrentQueue<string> said, Func<Task> action)
    {
        try
        {
            await action();
        }
        catch (Exception failure) when (failure is ArtifactStoreException or ArgumentException)
        {
            said.Enqueue(failure.ToString());
        }
    }

    private static string Signature(Uri token) => token.Query.Split('&').Single(part => part.TrimStart('?').StartsWith("sig=", StringComparison.Ordinal))[4..];

    private static Uri Token(BlobPlace place, string permissions)
    {
        BlobContainerClient container = place.Connect(Emulated.Options);
        var token = new BlobSasBuilder { BlobContainerName = container.Name, Resource = "c", ExpiresOn = DateTimeOffset.UtcNow.AddHours(1) };
        token.SetPermissions(permissions, normalize: true);
        return new BlobUriBuilder(container.Uri) { Sas = token.ToSasQueryParameters(new StorageSharedKeyCredential(AzuriteServer.Account, AzuriteServer.AccountKey)) }.ToUri();
    }

    private static Task<PutOutcome> Put(IArtifactStore store, string name) =>
        store.PutIfAbsentAsync(name, async (stream, cancellation) => await stream.WriteAsync(new byte[] { 1 }, cancellation), None);
}
