using MambaQuant.Quant.Tensors;
using Xunit;

namespace MambaQuant.Quant.Tests.Tensors;

public class HalfConversionTests
{
    public static TheoryData<int> Lengths => [0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 520];

    [Fact]
    public void Float16_EveryBitPatternWidensExactlyAndComesBack()
    {
        Half[] all = [.. Enumerable.Range(0, 1 << 16).Select(bits => BitConverter.UInt16BitsToHalf((ushort)bits))];
        var wide = new float[all.Length];
        var back = new Half[all.Length];
        HalfConversion.WidenFloat16(all, wide);
        HalfConversion.NarrowFloat16(wide, back);
        for (int i = 0; i < all.Length; i++)
        {
            Assert.Equal(ReferenceWiden(all[i]), (double)wide[i]);
            Assert.Equal(Half.IsNaN(all[i]), Half.IsNaN(back[i]));
            if (!Half.IsNaN(all[i]))
            {
                Assert.Equal(BitConverter.HalfToUInt16Bits(all[i]), BitConverter.HalfToUInt16Bits(back[i]));
            }
        }
    }

    [Fact]
    public void BFloat16_EveryBitPatternWidensExactlyAndComesBack()
    {
        ushort[] all = [.. Enumerable.Range(0, 1 << 16).Select(bits => (ushort)bits)];
        var wide = new float[all.Length];
        var back = new ushort[all.Length];
        HalfConversion.WidenBFloat16(all, wide);
        HalfConversion.NarrowBFloat16(wide, back);
        for (int i = 0; i < all.Length; i++)
        {
            Assert.Equal((uint)all[i] << 16, BitConverter.SingleToUInt32Bits(wide[i]));
            Assert.Equal(float.IsNaN(wide[i]) ? all[i] | 0x40 : all[i], back[i]);
        }
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Narrowing_RoundsToNearestTiesToEven(int length)
    {
        var random = new Random(length);
        float[] values = [.. Enumerable.Range(0, length).Select(i => i % 5 == 0
            ? (1 + ((2 * random.Next(1 << 10)) + 1) / 2048f) * MathF.ScaleB(1, random.Next(-14, 15))
            : (float)((random.NextDouble() - 0.5) * Math.Pow(2, random.Next(-26, 16))))];
        var halves = new Half[length];
        var brains = new ushort[length];
        HalfConversion.NarrowFloat16(values, halves);
        HalfConversion.NarrowBFloat16(values, brains);
        for (int i = 0; i < length; i++)
        {
            Assert.Equal(NearestEven(values[i], 10, -14), (double)halves[i]);
            Assert.Equal(NearestEven(values[i], 7, -126), BitConverter.UInt32BitsToSingle((uint)brains[i] << 16));
        }
    }

    [Fact]
    public void Narrowing_KeepsNaNAndOverflowsToInfinity()
    {
        // Eight lanes of each, so that the wide path is taken as well as the tail.
        float[] values = [.. Enumerable.Repeat(new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity, 65519.996f, 65520f, -65520f, float.MaxValue, BitConverter.UInt32BitsToSingle(0x7F800001) }, 9).SelectMany(x => x), float.NaN];
        var halves = new Half[values.Length];
        var brains = new ushort[values.Length];
        HalfConversion.NarrowFloat16(values, halves);
        HalfConversion.NarrowBFloat16(values, brains);
        for (int i = 0; i < values.Length; i++)
        {
            Assert.Equal(float.IsNaN(values[i]), Half.IsNaN(halves[i]));
            Assert.Equal(MathF.Abs(values[i]) >= HalfConversion.Float16Overflow, Half.IsInfinity(halves[i]));
            float brain = BitConverter.UInt32BitsToSingle((uint)brains[i] << 16);
            Assert.Equal(float.IsNaN(values[i]), float.IsNaN(brain));
            Assert.Equal(MathF.Abs(values[i]) > 3.4e38f, float.IsInfinity(brain));
        }
    }

    [Fact]
    public void ShortDestination_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => HalfConversion.WidenFloat16(new Half[3], new float[2]));
        Assert.Throws<ArgumentException>(() => HalfConversion.WidenBFloat16(new ushort[3], new float[2]));
        Assert.Throws<ArgumentException>(() => HalfConversion.NarrowFloat16(new float[3], new Half[2]));
        Assert.Throws<ArgumentException>(() => HalfConversion.NarrowBFloat16(new float[3], new ushort[2]));
    }

    private static double ReferenceWiden(Half value)
    {
        int bits = BitConverter.HalfToUInt16Bits(value);
        int exponent = (bits >> 10) & 31;
        double fraction = (bits & 1023) / 1024.0;
        double magnitude = exponent switch
        {
            0 => fraction * Math.Pow(2, -14),
            31 => fraction == 0 ? double.PositiveInfinity : double.NaN,
            _ => (1 + fraction) * Math.Pow(2, exponent - 15),
        };
        return bits >> 15 == 0 ? magnitude : -magnitude;
    }

    // The nearest number with this many fraction bits, by the definition: scale the last place to one, round half to even.
    private static double NearestEven(float value, int fractionBits, int smallestExponent)
    {
        if (value == 0)
        {
            return value;
        }

        int exponent = Math.Max(Math.ILogB(value), smallestExponent);
        double unit = Math.Pow(2, exponent - fractionBits);
        return Math.Round(value / unit, MidpointRounding.ToEven) * unit;
    }
}
