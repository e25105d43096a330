using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Execution;
using MambaQuant.Pipeline.Inputs;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Inputs;

public sealed class StoredInputTests : IDisposable
{
    private const int Chunk = StoredInputReader.ChunkBytes;

    private readonly TemporaryDirectory _folder = new();
    private readonly CountingStore _store;
    private readonly DirectoryArtifactStore _inner;

    public StoredInputTests()
    {
        _inner = DirectoryArtifactStore.OpenOrCreate(_folder.File("store"));
        _store = new CountingStore(_inner);
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Chunk - 1)]
    [InlineData(Chunk)]
    [InlineData((3 * Chunk) + 17)]
    public async Task Bytes_AreThoseOfTheFile_WhereverTheyAreRead(int length)
    {
        (InputFile file, byte[] content) = await PutAsync(length);
        using var input = new StoredInput(_store, file);
        Assert.Equal(length, input.Length);
        Assert.Null(input.LastWrite);
        var random = new Random(3);
        for (int round = 0; round < 200; round++)
        {
            int offset = random.Next(length + 2);
            var read = new byte[random.Next(round % 5 == 0 ? (2 * Chunk) + 5 : 300)];
            int count = input.Read(read, offset);
            Assert.Equal(Math.Max(0, Math.Min(read.Length, length - offset)), count);
            Assert.True(content.AsSpan(Math.Min(offset, length), count).SequenceEqual(read.AsSpan(0, count)));
        }
    }

    [Fact]
    public async Task ReadingOn_CostsFewRanges_AndEveryByteOnce()
    {
        (InputFile file, byte[] content) = await PutAsync(30 * Chunk);
        using var input = new StoredInput(_store, file);
        var piece = new byte[Chunk / 3];
        for (int done = 0; done < content.Length; done += piece.Length)
        {
            input.Read(piece, done);
        }

        // 4, 8, 16 and the rest of 32 MiB.
        Assert.Equal([4, 8, 16, 2], _store.Reads.Select(read => (int)(read.Length!.Value / Chunk)));
        Assert.Equal(content.Length, _store.Reads.Sum(read => read.Length!.Value));
    }

    [Fact]
    public async Task ManySmallReadsOfOnePlace_CostOneRange()
    {
        (InputFile file, _) = await PutAsync(3 * Chunk);
        using var input = new StoredInput(_store, file);
        var row = new byte[100];
        for (int round = 0; round < 1000; round++)
        {
            input.Read(row, round * 1000);
        }

        Assert.Single(_store.Reads);
    }

    [Fact]
    public async Task DamagedFile_IsNamedAndRemoved_SoThatItIsUploadedAgain()
    {
        (InputFile file, _) = await PutAsync(3 * Chunk);
        string path = Path.Combine(_folder.File("store"), $"{StoredInputs.NameOf(file.Sha256)}{ArtifactName.FileSuffix}");
        using (FileStream stored = File.OpenWrite(path))
        {
            stored.Position = (2 * Chunk) + 5;
            stored.WriteByte(255);
        }

        using var input = new StoredInput(_store, file);
        input.Read(new byte[10], 0);
        ChangedInputException damage = Assert.Throws<ChangedInputException>(() => input.Read(new byte[10], 2 * Chunk));
        Assert.Contains($"'weights' is not in store '{_store.Description}' as it was uploaded", damage.Message, StringComparison.Ordinal);
        Assert.Contains("differ from their checksum", damage.Message, StringComparison.Ordinal);
        Assert.Contains("Submit the job again", damage.Message, StringComparison.Ordinal);
        Assert.Equal(WorkFailure.Transient, FailureKinds.Of(damage));
        Assert.Null(await _store.HeadAsync(StoredInputs.NameOf(file.Sha256), default));
        Assert.Contains("found nothing", Assert.Throws<ChangedInputException>(() => new StoredInput(_store, file)).Message, StringComparison.Ordinal);
    }

    private async Task<(InputFile File, byte[] Content)> PutAsync(int length)
    {
        var content = new byte[length];
        new Random(length).NextBytes(content);
        string path = _folder.File("weights");
        await File.WriteAllBytesAsync(path, content);
        var file = new InputFile("weights", ContentHash.OfFile(path));
        await _inner.PutIfAbsentAsync(StoredInputs.NameOf(file.Sha256), async (stream, token) => await stream.WriteAsync(content, token), default);
        return (file, content);
    }
}
