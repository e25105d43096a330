using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Storage.Tests.Running;
using Xunit;

namespace MambaQuant.Storage.Tests.Contract;

/// <summary>What every store keeps, whatever it is made of; one subclass per store.</summary>
public abstract partial class ArtifactStoreContract
{
    /// <summary>Around the block and chunk sizes of the stores; longer ones have a test of their own.</summary>
    public static TheoryData<int> Lengths =>
        [0, 1, 2, 31, 32, 33, 65_535, 65_536, 65_537, 131_072, 262_143, 262_144, 262_145, 1_000_003, 4_194_304, 4_194_305];

    private protected abstract IArtifactStore Store { get; }

    /// <summary>Whether, of two that delete at once, exactly one is told that there was something.</summary>
    private protected virtual bool CountsDeletions => true;

    private static CancellationToken None => CancellationToken.None;

    [StoreTheory]
    [MemberData(nameof(Lengths))]
    public async Task Put_ThenRead_GivesTheSameBytes(int length)
    {
        byte[] content = PatternContent.Bytes(1, length);

        PutOutcome outcome = await Put("a/b", content);

        Assert.Equal(new ArtifactInfo("a/b", length, Checksum(content)), outcome.Stored);
        Assert.Equal(outcome.Stored.Checksum, outcome.Offered);
        Assert.True(outcome.Written);
        Assert.Equal(outcome.Stored, await Store.HeadAsync("a/b", None));
        Assert.Equal(content, await ReadAll("a/b"));
    }

    [StoreTheory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(65_536)]
    [InlineData(300_000)]
    public async Task Put_InPiecesOfAnySize_GivesTheSameBytes(int pieceSize)
    {
        byte[] content = PatternContent.Bytes(2, 600_001);

        await Store.PutIfAbsentAsync(
            "pieces",
            async (stream, cancellation) =>
            {
                for (int offset = 0; offset < content.Length; offset += pieceSize)
                {
                    int count = Math.Min(pieceSize, content.Length - offset);
                    if (offset % 2 == 0)
                    {
                        stream.Write(content.AsSpan(offset, count));
                    }
                    else
                    {
                        await stream.WriteAsync(content.AsMemory(offset, count), cancellation);
                    }
                }
            },
            None);

        Assert.Equal(content, await ReadAll("pieces"));
    }

    [StoreFact]
    public async Task Put_ByAWriterThatClosesItsStream_IsWhole()
    {
        await Store.PutIfAbsentAsync(
            "text",
            async (stream, _) =>
            {
                await using var writer = new StreamWriter(stream);
                await writer.WriteAsync("words");
            },
            None);

        Assert.Equal("words"u8.ToArray(), await ReadAll("text"));
    }

    [StoreFact]
    public async Task SecondPut_ChangesNothingAndTellsBothChecksums()
    {
        byte[] first = PatternContent.Bytes(3, 100_000), second = PatternContent.Bytes(4, 70_000);
        await Put("x", first);

        PutOutcome same = await Put("x", first);
        PutOutcome other = await Put("x", second);

        Assert.Equal(new PutOutcome(new ArtifactInfo("x", first.Length, Checksum(first)), Checksum(first), Written: false), same);
        Assert.Equal(new PutOutcome(new ArtifactInfo("x", first.Length, Checksum(first)), Checksum(second), Written: false), other);
        Assert.Equal(first, await ReadAll("x"));
    }

    [StoreFact]
    public async Task Ranges_AtEveryEdge_GiveTheirBytes()
    {
        const int Length = 300_000;
        byte[] content = PatternContent.Bytes(5, Length);
        await Put("ranges", content);
        int[] edges = [0, 1, 65_535, 65_536, 65_537, 131_072, 196_607, 262_144, 262_145, Length - 1, Length];

        foreach (int from in edges)
        {
            foreach (int to in edges.Where(to => to >= from))
            {
                await using Stream stream = await Store.OpenReadAsync("ranges", from, to - from, None);
                Assert.Equal(content[from..to], await Drain(stream, 50_000));
            }

            await using Stream rest = await Store.OpenReadAsync("ranges", from, null, None);
            Assert.Equal(content[from..], await Drain(rest, 100_000));
        }
    }

    [StoreTheory]
    [InlineData(-1L, null)]
    [InlineData(101L, null)]
    [InlineData(0L, 101L)]
    [InlineData(0L, -1L)]
    [InlineData(100L, 1L)]
    [InlineData(1L, long.MaxValue)]
    public async Task RangeOutside_IsRefused(long offset, long? length)
    {
        await Put("short", PatternContent.Bytes(6, 100));

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Store.OpenReadAsync("short", offset, length, None));
    }

    [StoreTheory]
    [InlineData(1)]
    [InlineData(1000)]
    [InlineData(65_536)]
    [InlineData(1_000_000)]
    public async Task Read_WithBuffersOfAnySize_GivesTheSameBytes(int bufferSize)
    {
        byte[] content = PatternContent.Bytes(7, bufferSize == 1 ? 70_000 : 700_000);
        await Put("buffers", content);

        await using Stream stream = await Store.OpenReadAsync("buffers", 3, null, None);
        Assert.Equal(content[3..], await Drain(stream, bufferSize));

        // The blocking way too: readers of the library are plain streams.
        await using Stream again = await Store.OpenReadAsync("buffers", 0, null, None);
        byte[] read = new byte[content.Length];
        again.ReadExactly(read);
        Assert.Equal(content, read);
        Assert.Equal(0, again.Read(new byte[1]));
    }

    [StoreFact]
    public async Task Absent_IsNullOrNamed()
    {
        Assert.Null(await Store.HeadAsync("nothing/here", None));
        ArtifactNotFoundException failure = await Assert.ThrowsAsync<ArtifactNotFoundException>(() => Store.OpenReadAsync("nothing/here", 0, null, None));
        Assert.Equal("nothing/here", failure.Name);
        Assert.False(await Store.DeleteAsync("nothing/here", None));
        Assert.Empty(await List("nothing"));
    }

    [StoreFact]
    public async Task List_GoesByPrefixInOrdinalOrder()
    {
        string[] names = ["a", "a-b", "a.b", "a/b", "a/b/c", "a/b-c", "a0", "B", "items/10/x", "items/2/y", "items/2/x", "items2/x", "_z"];
        foreach (string name in names)
        {
            await Put(name, PatternContent.Bytes(8, name.Length));
        }

        foreach (string prefix in (string[])["", "a", "a/", "a/b", "a/b/", "items/", "items/2", "items/2/", "i", "B", "items/2/x", "zz"])
        {
            ArtifactInfo[] listed = await List(prefix);
            Assert.Equal(names.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal), listed.Select(info => info.Name));
            Assert.All(listed, info => Assert.Equal(Checksum(PatternContent.Bytes(8, info.Name.Length)), info.Checksum));
            Assert.All(listed, info => Assert.Equal(info.Name.Length, info.Length));
            foreach (string after in (string[])["", "a/b", "a/bb", "items/2/x", "zzz"])
            {
                ArtifactInfo[] behind = await Store.ListAfterAsync(prefix, after, None).ToArrayAsync();
                Assert.Equal(listed.Where(info => string.CompareOrdinal(info.Name, after) > 0), behind);
            }
        }
    }

    [StoreFact]
    public async Task Delete_RemovesOneAndMakesRoomForAnother()
    {
        byte[] second = PatternContent.Bytes(10, 20);
        await Put("d/one", PatternContent.Bytes(9, 10));
        await Put("d/two", PatternContent.Bytes(9, 11));

        Assert.True(await Store.DeleteAsync("d/one", None));

        Assert.False(await Store.DeleteAsync("d/one", None));
        Assert.Null(await Store.HeadAsync("d/one", None));
        Assert.Equal(["d/two"], (await List("")).Select(info => info.Name));
        Assert.True((await Put("d/one", second)).Written);
        Assert.Equal(second, await ReadAll("d/one"));
    }

    [StoreTheory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(3_000_000)]
    public async Task CancelledPut_LeavesNothing(int written)
    {
        using var cancel = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.PutIfAbsentAsync(
            "cancelled",
            async (stream, cancellation) =>
            {
                await stream.WriteAsync(PatternContent.Bytes(11, written), cancellation);
                await cancel.CancelAsync();
                cancellation.ThrowIfCancellationRequested();
            },
            cancel.Token));
        await AssertNothingLeft("cancelled");
    }

    [StoreFact]
    public async Task PutCancelledAfterItsLastByte_LeavesNothing()
    {
        using var cancel = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.PutIfAbsentAsync(
            "cancelled",
            async (stream, _) =>
            {
                await stream.WriteAsync(new byte[100], CancellationToken.None);
                await cancel.CancelAsync();
            },
            cancel.Token));
        await AssertNothingLeft("cancelled");
    }

    [StoreFact]
    public async Task PutWhoseMakerFails_PassesTheFailureOnAndLeavesNothing()
    {
        var cause = new InvalidDataException("the maker's own");

        InvalidDataException failure = await Assert.ThrowsAsync<InvalidDataException>(() => Store.PutIfAbsentAsync(
            "failed",
            async (stream, cancellation) =>
            {
                await stream.WriteAsync(PatternContent.Bytes(12, 3_000_000), cancellation);
                throw cause;
            },
            None));

        Assert.Same(cause, failure);
        await AssertNothingLeft("failed");
        Assert.True((await Put("failed", [1])).Written);
    }

    [StoreFact]
    public async Task CancelledBefore_DoesNothing()
    {
        var cancelled = new CancellationToken(canceled: true);
        await Put("there", [1]);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.HeadAsync("there", cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.OpenReadAsync("there", 0, null, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.PutIfAbsentAsync("new", (_, _) => Task.CompletedTask, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.DeleteAsync("there", cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.ListAsync("", cancelled).ToArrayAsync(CancellationToken.None));
        Assert.Equal(["there"], (await List("")).Select(info => info.Name));
    }

    /// <summary>Whatever a store keeps for unfinished work, besides what it lists.</summary>
    private protected virtual Task AssertNoLeftovers() => Task.CompletedTask;

    private protected Task<PutOutcome> Put(string name, byte[] content) =>
        Store.PutIfAbsentAsync(name, async (stream, cancellation) => await stream.WriteAsync(content, cancellation), None);

    private protected async Task<byte[]> ReadAll(string name)
    {
        await using Stream stream = await Store.OpenReadAsync(name, 0, null, None);
        return await Drain(stream, 81_920);
    }

    private protected async Task<ArtifactInfo[]> List(string prefix) => await Store.ListAsync(prefix, None).ToArrayAsync();

    private protected static async Task<byte[]> Drain(Stream stream, int bufferSize)
    {
        using var all = new MemoryStream();
        byte[] buffer = new byte[bufferSize];
        int count;
        while ((count = await stream.ReadAsync(buffer)) > 0)
        {
            all.Write(buffer, 0, count);
        }

        return all.ToArray();
    }

    private protected static string Checksum(byte[] content) => ArtifactSeal.Create("content", content).Info.Checksum;

    private async Task AssertNothingLeft(string name)
    {
        Assert.Null(await Store.HeadAsync(name, None));
        Assert.Empty(await List(""));
        await AssertNoLeftovers();
    }
}
