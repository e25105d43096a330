using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Storage.Tests.Contract;

public sealed class DirectoryArtifactStoreTests : SealedStoreContract, IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public DirectoryArtifactStoreTests() => Store = DirectoryArtifactStore.OpenOrCreate(_folder.Path);

    private protected override IArtifactStore Store { get; }

    private protected override string Location => _folder.Path;

    public void Dispose() => _folder.Dispose();

    private protected override async Task AlterAsync(string name, Func<byte[], byte[]> alter)
    {
        string path = _folder.File(name + ArtifactName.FileSuffix);
        await File.WriteAllBytesAsync(path, alter(await File.ReadAllBytesAsync(path)));
    }

    private protected override Task AssertNoLeftovers()
    {
        Assert.Empty(Directory.EnumerateFiles(_folder.File(".staging")));
        return Task.CompletedTask;
    }
}
