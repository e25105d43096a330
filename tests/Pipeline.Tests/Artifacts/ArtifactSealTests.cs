using System.Security.Cryptography;
using MambaQuant.Pipeline.Artifacts;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Artifacts;

public sealed class ArtifactSealTests
{
    [Fact]
    public void StoredLength_TellsTheContentLength()
    {
        for (long length = 0; length < 200_000; length += 997)
        {
            Assert.Equal(length, ArtifactSeal.ContentLength(ArtifactSeal.StoredLength(length)));
        }

        foreach (long length in (long[])[0, 1, 65_535, 65_536, 65_537, 131_072, 1L << 40])
        {
            Assert.Equal(length, ArtifactSeal.ContentLength(ArtifactSeal.StoredLength(length)));
        }

        // No content is stored in so many bytes: a footer takes 80, a begun block 16.
        Assert.All((long[])[0, 79, 81, 96], stored => Assert.Equal(-1, ArtifactSeal.ContentLength(stored)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(65_536)]
    [InlineData(200_000)]
    public void Encoded_ReadsBack(int length)
    {
        byte[] content = new byte[length];
        new Random(2).NextBytes(content);
        ArtifactSeal seal = ArtifactSeal.Create("a/b", content);
        byte[] encoded = seal.Encode();
        long stored = length + encoded.Length;

        ArtifactInfo? info = ArtifactSeal.ReadFooter("a/b", stored, encoded.AsSpan()[^ArtifactSeal.FooterSize..], out string? fault);

        Assert.Null(fault);
        Assert.Equal(new ArtifactInfo("a/b", length, Checksum(content)), info);
        Assert.Equal(ArtifactSeal.StoredLength(length), stored);
        ArtifactSeal again = ArtifactSeal.Read(info!, encoded, out _)!;
        Assert.Equal(-1, again.FindDamage(0, content));
        Assert.Null(ArtifactSeal.ReadFooter("a/c", stored, encoded.AsSpan()[^ArtifactSeal.FooterSize..], out fault));
        Assert.Contains("another name", fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Store_ThatFails_FailsThePut_EvenWhereTheMakerSwallowsIt()
    {
        var content = new ParallelSealingStream(
            "x", ArtifactSeal.BlockSize, 2, (_, offset) => offset == 0 ? Task.FromException(new ArtifactStoreException("full")) : Task.CompletedTask);
        int failures = 0;
        for (int piece = 0; piece < 4; piece++)
        {
            try
            {
                content.Write(new byte[ArtifactSeal.BlockSize]);
            }
            catch (ArtifactStoreException)
            {
                failures++;
            }
        }

        Assert.True(failures > 0);
        content.Seal();
        await Assert.ThrowsAsync<ArtifactStoreException>(content.WhenStoredAsync);
        await content.ReleaseAsync();
    }

    [Fact]
    public async Task Chunks_AreHandedOverInOrder_AndNeverTooManyAtOnce()
    {
        const int MostInFlight = 3;
        int inFlight = 0, most = 0;
        List<long> offsets = [];
        var content = new ParallelSealingStream(
            "x",
            ArtifactSeal.BlockSize,
            MostInFlight,
            async (chunk, offset) =>
            {
                offsets.Add(offset);
                most = Math.Max(most, Interlocked.Increment(ref inFlight));
                await Task.Delay(2);
                Interlocked.Decrement(ref inFlight);
            });

        await content.WriteAsync(new byte[(20 * ArtifactSeal.BlockSize) + 5]);
        ArtifactSeal seal = content.Seal();
        await content.WhenStoredAsync();
        await content.ReleaseAsync();

        Assert.Equal(Enumerable.Range(0, 21).Select(index => (long)index * ArtifactSeal.BlockSize), offsets);
        Assert.InRange(most, 1, MostInFlight);
        Assert.Equal((20 * ArtifactSeal.BlockSize) + 5, seal.Info.Length);
    }

    /// <summary>The checksum as its definition says it.</summary>
    private static string Checksum(byte[] content)
    {
        List<byte> sealedBytes = [.. BitConverter.GetBytes((long)content.Length)];
        foreach (byte[] block in content.Chunk(ArtifactSeal.BlockSize))
        {
            byte[] checksum = new byte[BlockChecksum.Size];
            BlockChecksum.Compute(block, checksum);
            sealedBytes.AddRange(checksum);
        }

        return Convert.ToHexStringLower(SHA256.HashData([.. sealedBytes]));
    }
}
