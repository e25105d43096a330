using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Storage.Tests.Contract;

public sealed class DirectoryArtifactStoreTests : ArtifactStoreContract, IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public DirectoryArtifactStoreTests() => Store = DirectoryArtifactStore.OpenOrCreate(_folder.Path);

    private protected override IArtifactStore Store { get; }

    public void Dispose() => _folder.Dispose();

    private protected override Task AssertNoLeftovers()
    {
        Assert.Empty(Directory.EnumerateFiles(_folder.File(".staging")));
        return Task.CompletedTask;
    }
}
