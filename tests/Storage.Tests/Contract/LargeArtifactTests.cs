using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Storage.Tests.Running;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Storage.Tests.Contract;

/// <summary>Artifacts much larger than what a store may hold of them in memory. Alone, since other tests' memory would count.</summary>
[Collection(nameof(Alone))]
public sealed class LargeArtifactTests
{
    private const long Length = (192L << 20) + 4321;
    private const int Piece = 1 << 18;

    [Fact]
    public async Task Folder_MovesALargeArtifactInLittleMemory()
    {
        using var folder = new TemporaryDirectory();

        // Measured: 1.7 MB.
        await MoveAsync(DirectoryArtifactStore.OpenOrCreate(folder.Path), mostBytes: 8 << 20);
    }

    [NeedsAzuriteFact]
    public async Task Blobs_MoveALargeArtifactInBoundedMemory()
    {
        AzureBlobStoreOptions options = Emulated.Options with { TransferSize = 4 << 20, Parallelism = 4 };

        // Four transfers of 4 MiB up or down, one being filled, and what the client library needs; measured: 23 MB.
        await MoveAsync(await AzureBlobArtifactStore.OpenOrCreateAsync(Emulated.NewPlace(), options, CancellationToken.None), mostBytes: 48 << 20);
    }

    private static async Task MoveAsync(IArtifactStore store, long mostBytes)
    {
        long before = GC.GetTotalMemory(forceFullCollection: true), most = 0;
        void Sample() => most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: false) - before);

        byte[] piece = new byte[Piece];
        PutOutcome outcome = await store.PutIfAbsentAsync(
            "large",
            async (stream, cancellation) =>
            {
                for (long offset = 0; offset < Length; offset += Piece)
                {
                    Memory<byte> part = piece.AsMemory(0, (int)Math.Min(Piece, Length - offset));
                    PatternContent.Fill(70, offset, part.Span);
                    await stream.WriteAsync(part, cancellation);
                    Sample();
                }
            },
            CancellationToken.None);
        Assert.Equal(Length, outcome.Stored.Length);

        byte[] expected = new byte[Piece];
        await using Stream read = await store.OpenReadAsync("large", 0, null, CancellationToken.None);
        for (long offset = 0; offset < Length; offset += Piece)
        {
            int count = (int)Math.Min(Piece, Length - offset);
            PatternContent.Fill(70, offset, expected.AsSpan(0, count));
            await read.ReadExactlyAsync(piece.AsMemory(0, count));
            Assert.True(expected.AsSpan(0, count).SequenceEqual(piece.AsSpan(0, count)));
            Sample();
        }

        Assert.Equal(0, await read.ReadAsync(piece));
        Assert.True(most < mostBytes, $"held {most / 1e6:F1} MB");
    }
}
