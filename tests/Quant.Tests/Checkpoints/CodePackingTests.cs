using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Quantization;
using Xunit;

namespace MambaQuant.Quant.Tests.Checkpoints;

public sealed class CodePackingTests
{
    [Fact]
    public void FourBits_LieLowestFirst()
    {
        var words = new int[1];
        CodePacking.Pack([-8, -1, 0, 7], 4, 4, words);
        Assert.Equal(0x0000F870, words[0]);
    }

    [Fact]
    public void ThreeBits_StraddleWords()
    {
        // Eleven codes of 3 bits: the last one takes bits 30 to 32, two in the first word, one in the second.
        sbyte[] codes = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3];
        var words = new int[2];
        CodePacking.Pack(codes, 11, 3, words);
        ulong expected = 0;
        for (int i = 0; i < codes.Length; i++)
        {
            expected |= (ulong)(codes[i] + 4) << (3 * i);
        }

        Assert.Equal(expected, ((ulong)(uint)words[1] << 32) | (uint)words[0]);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    public void Packing_IsUndoneForEveryLength(int bits)
    {
        var random = new Random(bits);
        foreach (int columns in new[] { 1, 2, 5, 31, 32, 33, 64, 127, 1000 })
        {
            sbyte[] codes = [.. Enumerable.Range(0, 3 * columns).Select(_ => (sbyte)random.Next(-(1 << (bits - 1)), 1 << (bits - 1)))];
            var words = new int[3 * WeightStorage.PackedWords(columns, bits)];
            CodePacking.Pack(codes, columns, bits, words);
            AssertBits(codes, columns, bits, words);
            var back = new sbyte[codes.Length];
            Assert.True(CodePacking.TryUnpack(words, columns, bits, back));
            Assert.Equal(codes, back);
        }
    }

    [Fact]
    public void BitsBehindTheLastCode_AreNoticed()
    {
        var words = new int[1];
        CodePacking.Pack([1, 2, 3], 3, 4, words);
        words[0] |= 1 << 12;
        Assert.False(CodePacking.TryUnpack(words, 3, 4, new sbyte[3]));
    }

    [Fact]
    public void CodeThatDoesNotFit_IsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => CodePacking.Pack([4], 1, 3, new int[1]));

    /// <summary>Reads every bit by its number, the definition.</summary>
    private static void AssertBits(sbyte[] codes, int columns, int bits, int[] words)
    {
        int rowWords = (int)Math.Ceiling(columns * bits / 32.0);
        for (int i = 0; i < codes.Length; i++)
        {
            int value = 0;
            for (int bit = 0; bit < bits; bit++)
            {
                int at = ((i % columns) * bits) + bit;
                value |= ((words[((i / columns) * rowWords) + (at / 32)] >> (at % 32)) & 1) << bit;
            }

            Assert.Equal(codes[i], value - (1 << (bits - 1)));
        }
    }
}
