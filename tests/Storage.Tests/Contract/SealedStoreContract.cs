using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Storage.Tests.Running;
using Xunit;

namespace MambaQuant.Storage.Tests.Contract;

/// <summary>What stores keep whose bytes somebody else can reach: nothing altered or cut short is ever handed out.</summary>
public abstract partial class SealedStoreContract : ArtifactStoreContract
{
    private const int Length = 300_000, Blocks = 5, Table = Length, Footer = Length + (Blocks * BlockChecksum.Size), Stored = Footer + ArtifactSeal.FooterSize;

    private static CancellationToken None => CancellationToken.None;

    /// <summary>One byte in everything that is kept: content, table, and every field of the footer.</summary>
    public static TheoryData<int> Places =>
    [
        0, 65_535, 65_536, 150_001, Length - 1,
        Table, Table + 17, Footer - 1,
        Footer, Footer + 7, Footer + 8, Footer + 15, Footer + 16, Footer + 47, Footer + 48, Footer + 63, Footer + 64, Stored - 1,
    ];

    [StoreTheory]
    [MemberData(nameof(Places))]
    public async Task AlteredByte_IsFound(int place)
    {
        byte[] content = PatternContent.Bytes(20, Length);
        await Put("altered/x", content);

        await AlterAsync("altered/x", bytes =>
        {
            Assert.Equal(Stored, bytes.Length);
            bytes[place] ^= 0x10;
            return bytes;
        });

        CorruptArtifactException failure = await Assert.ThrowsAsync<CorruptArtifactException>(() => ReadAll("altered/x"));
        Assert.Equal("altered/x", failure.Name);
        await AssertNeverWrong("altered/x", content);
        await AssertIsMadeAgain("altered/x", content);
    }

    [StoreTheory]
    [InlineData("items/ab/statistics-0", "Delete it; the item that makes it has to run again")]
    [InlineData("jobs/ab/journal/00000001", "Run the job again: that removes its journal")]
    [InlineData("jobs/ab/plan", "Give the command that began the job again")]
    [InlineData("jobs/ab/request", "Give the command that began the job again")]
    [InlineData("inputs/ab", "Give the command that submitted the job again")]
    public async Task Corruption_IsAdvisedOnByWhatTheArtifactIs(string name, string advice)
    {
        await Put(name, PatternContent.Bytes(22, 100));
        await AlterAsync(name, bytes => [.. bytes.Take(50)]);

        CorruptArtifactException failure = await Assert.ThrowsAsync<CorruptArtifactException>(() => ReadAll(name));
        Assert.Contains(failure.Fault, failure.Message, StringComparison.Ordinal);
        Assert.Contains(advice, failure.Message, StringComparison.Ordinal);
    }

    [StoreTheory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(79)]
    [InlineData(80)]
    [InlineData(65_536)]
    [InlineData(Length)]
    [InlineData(Footer)]
    [InlineData(Stored - 1)]
    [InlineData(Stored + 1)]
    public async Task WrongLength_IsFound(int length)
    {
        byte[] content = PatternContent.Bytes(21, Length);
        await Put("cut", content);

        await AlterAsync("cut", bytes => [.. bytes.Take(length), .. new byte[Math.Max(0, length - bytes.Length)]]);

        await Assert.ThrowsAsync<CorruptArtifactException>(() => ReadAll("cut"));
        await Assert.ThrowsAsync<CorruptArtifactException>(() => Store.HeadAsync("cut", None));
        Assert.True(Assert.Single(await List("")).IsDamaged);
        await AssertIsMadeAgain("cut", content);
    }

    [StoreFact]
    public async Task ZerosOfTheRightLength_AreFound()
    {
        // What a power cut may leave: the name and the length, and no bytes.
        await Put("zeros", PatternContent.Bytes(22, Length));
        await AlterAsync("zeros", bytes => new byte[bytes.Length]);

        await Assert.ThrowsAsync<CorruptArtifactException>(() => ReadAll("zeros"));
    }

    [StoreFact]
    public async Task DamageInOneBlock_LeavesTheOthersReadable()
    {
        byte[] content = PatternContent.Bytes(23, Length);
        await Put("blocks", content);
        await AlterAsync("blocks", bytes =>
        {
            bytes[70_000] ^= 1;
            return bytes;
        });

        await using Stream before = await Store.OpenReadAsync("blocks", 0, 65_536, None);
        Assert.Equal(content[..65_536], await Drain(before, 10_000));
        await using Stream after = await Store.OpenReadAsync("blocks", 131_072, null, None);
        Assert.Equal(content[131_072..], await Drain(after, 10_000));
        await using Stream within = await Store.OpenReadAsync("blocks", 100_000, 5, None);
        CorruptArtifactException failure = await Assert.ThrowsAsync<CorruptArtifactException>(async () => await within.ReadExactlyAsync(new byte[5]));
        Assert.Contains("bytes 65536 to 131071 of 300000", failure.Message, StringComparison.Ordinal);
    }

    [StoreFact]
    public async Task ArtifactUnderAnothersName_IsFound()
    {
        byte[] theirs = [];
        await Put("one", PatternContent.Bytes(24, 1000));
        await Put("two", PatternContent.Bytes(25, 1000));
        await AlterAsync("two", bytes => theirs = bytes);

        await AlterAsync("one", _ => theirs);

        await Assert.ThrowsAsync<CorruptArtifactException>(() => ReadAll("one"));
        Assert.Equal(PatternContent.Bytes(25, 1000), await ReadAll("two"));
    }

    [StoreFact]
    public async Task DamagedAmongMany_DoesNotStopAListing()
    {
        foreach (string name in (string[])["items/a", "items/b", "items/c"])
        {
            await Put(name, [1, 2, 3]);
        }

        await AlterAsync("items/b", _ => []);

        Assert.Equal([("items/a", false), ("items/b", true), ("items/c", false)], (await List("items/")).Select(info => (info.Name, info.IsDamaged)));
    }

    /// <summary>Changes what is kept of an artifact, behind the store's back.</summary>
    private protected abstract Task AlterAsync(string name, Func<byte[], byte[]> alter);

    /// <summary>Reads range after range: each gives the right bytes or fails.</summary>
    private async Task AssertNeverWrong(string name, byte[] content)
    {
        for (int offset = 0; offset < content.Length; offset += 43_690)
        {
            try
            {
                await using Stream stream = await Store.OpenReadAsync(name, offset, Math.Min(50_000, content.Length - offset), None);
                byte[] read = await Drain(stream, 7_000);
                Assert.Equal(content[offset..(offset + read.Length)], read);
            }
            catch (CorruptArtifactException)
            {
                continue;
            }
        }
    }

    private async Task AssertIsMadeAgain(string name, byte[] content)
    {
        PutOutcome first = await Put(name, content);
        if (!first.Written)
        {
            // The seal is sound and the content is not: whoever read it deletes it.
            Assert.True(await Store.DeleteAsync(name, None));
            Assert.True((await Put(name, content)).Written);
        }

        Assert.Equal(content, await ReadAll(name));
    }
}
