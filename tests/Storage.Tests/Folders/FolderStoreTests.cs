using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Storage.Tests.Folders;

public sealed class FolderStoreTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    private static CancellationToken None => CancellationToken.None;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Store_IsThereForTheNextProcess()
    {
        string path = _folder.File("made/deep");
        await Put(DirectoryArtifactStore.OpenOrCreate(path), "a/b");

        DirectoryArtifactStore again = DirectoryArtifactStore.Open(path + Path.DirectorySeparatorChar, flush: true);

        Assert.Equal(path, again.Description);
        Assert.NotNull(await again.HeadAsync("a/b", None));
        Assert.False((await Put(again, "a/b")).Written);
        Assert.True((await Put(again, "a/c")).Written);
    }

    [Fact]
    public void AbsentStore_IsNotMadeByOpening()
    {
        ArtifactStoreException failure = Assert.Throws<ArtifactStoreException>(() => DirectoryArtifactStore.Open(_folder.File("nothing")));

        Assert.Contains("there is no store", failure.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.File("nothing")));
    }

    [Fact]
    public void FolderOfSomethingElse_IsRefusedAndLeftAlone()
    {
        string file = _folder.Write("thesis.tex", "years of work"u8);

        ArtifactStoreException failure = Assert.Throws<ArtifactStoreException>(() => DirectoryArtifactStore.OpenOrCreate(_folder.Path));

        Assert.Contains("'thesis.tex'", failure.Message, StringComparison.Ordinal);
        Assert.Equal([file], Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void FileInPlaceOfAFolder_IsRefused()
    {
        string file = _folder.Write("file", "x"u8);

        Assert.Throws<ArtifactStoreException>(() => DirectoryArtifactStore.OpenOrCreate(file));
    }

    [Theory]
    [InlineData("{\"format\":\"mambaquant-store\",\"version\":2}", "version 2")]
    [InlineData("{\"format\":\"another\",\"version\":1}", "not the marker")]
    [InlineData("[]", "not the marker")]
    [InlineData("", "not the marker")]
    public void MarkerOfAnotherFormat_IsRefused(string marker, string expected)
    {
        _folder.Write(StoreMarker.Name, System.Text.Encoding.UTF8.GetBytes(marker));

        Assert.Contains(expected, Assert.Throws<ArtifactStoreException>(() => DirectoryArtifactStore.OpenOrCreate(_folder.Path)).Message, StringComparison.Ordinal);
        Assert.Contains(expected, Assert.Throws<ArtifactStoreException>(() => DirectoryArtifactStore.Open(_folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ManyOpeningAtOnce_MakeOneStore()
    {
        string path = _folder.File("fresh");

        DirectoryArtifactStore[] stores = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => DirectoryArtifactStore.OpenOrCreate(path))));

        await Put(stores[0], "a");
        Assert.All(stores, store => Assert.NotNull(store.HeadAsync("a", None).Result));
    }

    [Fact]
    public async Task FilesOfOthersInTheStore_AreNotListed()
    {
        DirectoryArtifactStore store = DirectoryArtifactStore.OpenOrCreate(_folder.Path);
        await Put(store, "a/b");
        _folder.Write("a/notes.txt", "x"u8);
        _folder.Write("a/odd name.sealed", "x"u8);
        _folder.Write(".hidden.sealed", "x"u8);
        Directory.CreateDirectory(_folder.File("empty"));

        Assert.Equal(["a/b"], (await store.ListAsync("", None).ToArrayAsync()).Select(info => info.Name));
    }

    [Fact]
    public async Task LeftoversOfTheDead_AreCleanedByAge_AndTheLivingAreLeftAlone()
    {
        await Put(DirectoryArtifactStore.OpenOrCreate(_folder.Path), "a");
        string staging = _folder.File(".staging");
        string own = Path.GetFileName(new StagingFolder(staging).NewPath())[..9];
        string Leftover(string name, TimeSpan age)
        {
            string path = Path.Combine(staging, name);
            File.WriteAllBytes(path, [1]);
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow - age);
            return path;
        }

        string dead = Leftover(own + "dead", TimeSpan.FromMinutes(5));
        string young = Leftover(own + "young", TimeSpan.FromSeconds(5));
        string other = Leftover("00000000-other", TimeSpan.FromHours(5));
        string old = Leftover("00000000-old", TimeSpan.FromDays(5));
        string living = Leftover(own + "living", TimeSpan.FromHours(5));
        using (File.OpenHandle(living, FileMode.Open, FileAccess.Write, FileShare.Delete))
        {
            File.SetLastWriteTimeUtc(living, DateTime.UtcNow - TimeSpan.FromHours(5));

            await Put(DirectoryArtifactStore.Open(_folder.Path), "b");
        }

        Assert.Equal(new[] { young, other, living }.Order(), Directory.EnumerateFiles(staging).Order());
        Assert.False(File.Exists(dead) || File.Exists(old));
    }

    [UnixFact]
    public void HardLink_NamesWithoutReplacing()
    {
        // The way of file systems that cannot refuse to replace while renaming.
        string source = _folder.Write("source", "new"u8), taken = _folder.Write("taken", "old"u8), free = _folder.File("free");

        Assert.False(ExclusiveRename.TryLink(source, taken));
        Assert.True(ExclusiveRename.TryLink(source, free));

        Assert.Equal("old", File.ReadAllText(taken));
        Assert.Equal("new", File.ReadAllText(free));
        Assert.False(File.Exists(source));
        Assert.Throws<DirectoryNotFoundException>(() => ExclusiveRename.TryLink(free, _folder.File("no/such")));
    }

    [MountFact]
    public async Task FullDisk_IsNamed_AndThePutLeavesNothing()
    {
        using var mount = new SmallDisk(megabytes: 4);
        DirectoryArtifactStore store = DirectoryArtifactStore.OpenOrCreate(mount.Path);
        await Put(store, "fits");

        ArtifactStoreException failure = await Assert.ThrowsAsync<ArtifactStoreException>(
            () => store.PutIfAbsentAsync("large", async (stream, cancellation) => await stream.WriteAsync(new byte[8 << 20], cancellation), None));

        Assert.Contains("is full (writing 'large')", failure.Message, StringComparison.Ordinal);
        Assert.Equal(["fits"], (await store.ListAsync("", None).ToArrayAsync()).Select(info => info.Name));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(mount.Path, ".staging")));
        Assert.True((await Put(store, "fits/too")).Written);
    }

    [MountFact]
    public async Task ReadOnlyStore_CanBeRead_AndSaysWhyNotWritten()
    {
        using var mount = new SmallDisk(megabytes: 4);
        await Put(DirectoryArtifactStore.OpenOrCreate(mount.Path), "a");
        mount.MakeReadOnly();

        DirectoryArtifactStore store = DirectoryArtifactStore.OpenOrCreate(mount.Path);

        await using (Stream stream = await store.OpenReadAsync("a", 0, null, None))
        {
            Assert.Equal(1, stream.ReadByte());
        }

        Assert.Contains("is read-only (writing 'b')", (await Assert.ThrowsAsync<ArtifactStoreException>(() => Put(store, "b"))).Message, StringComparison.Ordinal);
        Assert.Contains("is read-only (deleting 'a')", (await Assert.ThrowsAsync<ArtifactStoreException>(() => store.DeleteAsync("a", None))).Message, StringComparison.Ordinal);
        Assert.False((await Put(store, "a")).Written);
    }

    private static Task<PutOutcome> Put(IArtifactStore store, string name) =>
        store.PutIfAbsentAsync(name, async (stream, cancellation) => await stream.WriteAsync(new byte[] { 1 }, cancellation), None);
}
