using MambaQuant.Testing;

namespace MambaQuant.Storage.Tests.Running;

/// <summary>A small model of several files, some of which take several reads.</summary>
internal static class ShardedModel
{
    /// <summary>Writes it.</summary>
    /// <param name="folder">Where to.</param>
    /// <returns>Its folder.</returns>
    public static string Write(TemporaryDirectory folder)
    {
        string tiny = folder.File("tiny"), path = folder.File("sharded");
        Directory.CreateDirectory(tiny);

        // Tables of 3 MiB, so that reading takes several chunks.
        (new SyntheticMamba() with { Config = new SyntheticMamba().Config with { VocabularySize = 32_000 } }).Write(tiny);
        ModelCopies.Reshard(tiny, path, 1 << 20);
        return path;
    }
}
