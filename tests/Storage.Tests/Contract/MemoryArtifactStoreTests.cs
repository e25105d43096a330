using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Testing;

namespace MambaQuant.Storage.Tests.Contract;

public sealed class MemoryArtifactStoreTests : ArtifactStoreContract
{
    private protected override IArtifactStore Store { get; } = new MemoryArtifactStore();
}
