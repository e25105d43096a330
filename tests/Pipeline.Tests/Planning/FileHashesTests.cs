using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Planning;

public sealed class FileHashesTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void File_IsReadOnce_UntilItChanges()
    {
        string path = _folder.File("file");
        File.WriteAllText(path, "one");
        var hashes = new FileHashes();
        Parallel.For(0, 8, _ => Assert.Equal(ContentHash.OfFile(path), hashes.Of(path)));
        Assert.Equal(1, hashes.Reads);

        // As long as before, and written later.
        File.WriteAllText(path, "two");
        File.SetLastWriteTimeUtc(path, File.GetLastWriteTimeUtc(path).AddSeconds(1));
        Assert.Equal(ContentHash.OfFile(path), hashes.Of(path));
        Assert.Equal(2, hashes.Reads);
    }

    [Fact]
    public void MissingFile_IsNamed() =>
        Assert.Contains("nowhere", Assert.Throws<FileNotFoundException>(() => new FileHashes().Of(_folder.File("nowhere"))).Message, StringComparison.Ordinal);
}
