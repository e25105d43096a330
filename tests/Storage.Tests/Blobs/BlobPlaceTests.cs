using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Storage.Tests.Blobs;

public sealed class BlobPlaceTests
{
    [Theory]
    [InlineData("https://acc.blob.core.windows.net/c", "https://acc.blob.core.windows.net/c", "")]
    [InlineData("https://acc.blob.core.windows.net/c/", "https://acc.blob.core.windows.net/c", "")]
    [InlineData("https://acc.blob.core.windows.net/c/runs/one/", "https://acc.blob.core.windows.net/c/runs/one", "runs/one/")]
    [InlineData("https://acc.blob.core.windows.net/c/p?sv=2024-08-04&sr=c&sp=rl&sig=c2VjcmV0", "https://acc.blob.core.windows.net/c/p", "p/")]
    [InlineData("http://127.0.0.1:10000/devstoreaccount1/c?sv=2024-08-04&sr=c&sp=rl&sig=c2VjcmV0", "http://127.0.0.1:10000/devstoreaccount1/c", "")]
    public void Address_IsTakenApart(string address, string description, string prefix)
    {
        BlobPlace place = BlobPlace.FromAddress(new Uri(address));

        Assert.Equal(description, place.Description);
        Assert.Equal(description, place.ToString());
        Assert.Equal(prefix, place.Prefix);
        Assert.NotNull(place.Connect(new AzureBlobStoreOptions()));
    }

    [Theory]
    [InlineData("https://acc.blob.core.windows.net/")]
    [InlineData("http://acc.blob.core.windows.net/c")]
    [InlineData("https://acc.blob.core.windows.net/c/bad..%20name")]
    public void Address_ThatCannotServe_IsRefused(string address) => Assert.Throws<ArgumentException>(() => BlobPlace.FromAddress(new Uri(address)));

    [Theory]
    [InlineData("", "http://127.0.0.1:1/devstoreaccount1/mambaquant", "")]
    [InlineData("Container=jobs", "http://127.0.0.1:1/devstoreaccount1/jobs", "")]
    [InlineData("container=jobs/a/b/", "http://127.0.0.1:1/devstoreaccount1/jobs/a/b", "a/b/")]
    public void ConnectionString_NamesItsContainer(string container, string description, string prefix)
    {
        string account = $"DefaultEndpointsProtocol=http;AccountName={AzuriteServer.Account};AccountKey={AzuriteServer.AccountKey};BlobEndpoint=http://127.0.0.1:1/devstoreaccount1;";

        foreach (string text in (string[])[account + container, container + ";" + account])
        {
            BlobPlace place = BlobPlace.FromConnectionString(text);
            Assert.Equal(description, place.Description);
            Assert.Equal(prefix, place.Prefix);
        }
    }

    [Theory]
    [InlineData("AccountName=x")]
    [InlineData("AccountName=x;AccountKey=%%%;EndpointSuffix=core.windows.net")]
    public void ConnectionString_ThatIsNone_IsRefused(string text) => Assert.Throws<ArgumentException>(() => BlobPlace.FromConnectionString(text));

    [Fact]
    public async Task Location_OfEveryKind_FindsItsStore()
    {
        using var folder = new TemporaryDirectory();
        string path = folder.File("store");
        Assert.IsType<DirectoryArtifactStore>(await ArtifactStores.OpenOrCreateAsync(path, CancellationToken.None));
        Assert.IsType<DirectoryArtifactStore>(await ArtifactStores.OpenAsync(path, CancellationToken.None));

        const string Variable = "MAMBAQUANT_TEST_STORE";
        Environment.SetEnvironmentVariable(Variable, path);
        Assert.Equal(path, (await ArtifactStores.OpenAsync("env:" + Variable, CancellationToken.None)).Description);
        Environment.SetEnvironmentVariable(Variable, null);
        await Assert.ThrowsAsync<ArgumentException>(() => ArtifactStores.OpenAsync("env:" + Variable, CancellationToken.None));
        await Assert.ThrowsAsync<ArgumentException>(() => ArtifactStores.OpenAsync("s3://bucket/x", CancellationToken.None));
        await Assert.ThrowsAsync<ArgumentException>(() => ArtifactStores.OpenAsync(" ", CancellationToken.None));
    }

    [Theory]
    [InlineData(0, 8, 1)]
    [InlineData(65_537, 8, 1)]
    [InlineData(65_536, 0, 1)]
    [InlineData(65_536, 8, -1)]
    public void Options_OutsideTheirRanges_AreRefused(int transferSize, int parallelism, int retries) => Assert.Throws<ArgumentOutOfRangeException>(
        () => new AzureBlobStoreOptions { TransferSize = transferSize, Parallelism = parallelism, MaxRetries = retries }.Check());
}
