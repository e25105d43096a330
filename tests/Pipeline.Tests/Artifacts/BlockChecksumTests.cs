using MambaQuant.Pipeline.Artifacts;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Artifacts;

public sealed class BlockChecksumTests
{
    public static TheoryData<int> Lengths => [0, 1, 7, 8, 9, 63, 64, 65, 127, 128, 129, 1000, 65_536];

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Checksum_IsEightCastagnoliRemaindersSideBySide(int length)
    {
        byte[] bytes = Bytes(length);
        uint[] lanes = [.. Enumerable.Range(0, 8).Select(lane => 0xFFFFFFFF - (uint)lane)];
        int whole = length / 64 * 64;
        for (int index = 0; index < length; index++)
        {
            int lane = index < whole ? index / 8 % 8 : 0;
            lanes[lane] = Step(lanes[lane], bytes[index]);
        }

        byte[] found = new byte[BlockChecksum.Size];
        BlockChecksum.Compute(bytes, found);

        Assert.Equal(lanes.SelectMany(BitConverter.GetBytes), found);
        Assert.True(BlockChecksum.Matches(bytes, found));
    }

    [Fact]
    public void EveryBit_Counts()
    {
        byte[] bytes = Bytes(100), checksum = new byte[BlockChecksum.Size];
        BlockChecksum.Compute(bytes, checksum);
        for (int bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(BlockChecksum.Matches(bytes, checksum));
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void Zeros_OfDifferentLengthsDiffer()
    {
        byte[][] checksums = [.. Enumerable.Range(0, 100).Select(length =>
        {
            byte[] checksum = new byte[BlockChecksum.Size];
            BlockChecksum.Compute(new byte[length], checksum);
            return checksum;
        })];

        Assert.Equal(100, checksums.Select(Convert.ToHexString).Distinct().Count());
    }

    /// <summary>Bit by bit: the reflected Castagnoli polynomial, without the final inversion.</summary>
    private static uint Step(uint remainder, byte value)
    {
        remainder ^= value;
        for (int bit = 0; bit < 8; bit++)
        {
            remainder = (remainder & 1) != 0 ? (remainder >> 1) ^ 0x82F63B78 : remainder >> 1;
        }

        return remainder;
    }

    private static byte[] Bytes(int length)
    {
        byte[] bytes = new byte[length];
        new Random(1).NextBytes(bytes);
        return bytes;
    }
}
