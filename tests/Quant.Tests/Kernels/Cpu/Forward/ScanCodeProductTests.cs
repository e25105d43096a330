using MambaQuant.Quant.Kernels.Cpu.Forward;
using MambaQuant.Quant.Kernels.Cpu.Simd;
using Xunit;

namespace MambaQuant.Quant.Tests.Kernels.Cpu.Forward;

[Trait("Category", "Kernels")]
public sealed unsafe class ScanCodeProductTests
{
    private const int LargestCode = 127;

    /// <summary>Values at ties of the quotient, and their neighbours, within and beyond the range; every lane has its own.</summary>
    [Theory]
    [InlineData(1f, 16)]
    [InlineData(0.01f, 16)]
    [InlineData(0.3f, 7)]
    [InlineData(7.7f, 1)]
    [InlineData(1e-30f, 16)]
    [InlineData(1e-38f, 16)] // the reciprocal is infinite, or nearly so
    [InlineData(3e-44f, 16)] // subnormal
    [InlineData(1e36f, 16)] // the reciprocal is subnormal
    public void Codes_AreThoseOfTheDivision(float scale, int count)
    {
        int lanes = SimdTiers.SingleCount;
        for (int seed = 0; seed < 200; seed++)
        {
            (float[] h, float[] codes) = Case(scale, count, lanes, seed);
            Assert.Equal(Expected(h, codes, scale, lanes), Run(h, codes, scale, isRotated: false));
        }
    }

    [Theory]
    [InlineData(0.01f, 16)]
    [InlineData(0.3f, 64)]
    [InlineData(0.02f, 256)]
    [InlineData(1e-38f, 16)]
    public void RotatedCodes_AreThoseOfTheTransformThroughMemory(float scale, int count)
    {
        Assert.True(ScanCodeProduct.Rotates(count));
        int lanes = SimdTiers.SingleCount;
        for (int seed = 0; seed < 50; seed++)
        {
            (float[] h, float[] codes) = Case(scale, count, lanes, seed);
            Assert.Equal(Expected(Transformed(h, count), codes, scale, lanes), Run(h, codes, scale, isRotated: true));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)] // one pair of stages: nothing is left for the product
    [InlineData(8)]
    [InlineData(12)]
    [InlineData(32)]
    public void OtherOrders_AreRotatedThroughMemory(int count) => Assert.False(ScanCodeProduct.Rotates(count));

    [Theory]
    [InlineData(float.NaN, false)]
    [InlineData(float.PositiveInfinity, false)]
    [InlineData(float.NaN, true)]
    [InlineData(float.NegativeInfinity, true)]
    public void NonFinite_GivesNaNInItsLaneAlone(float value, bool isRotated)
    {
        int lanes = SimdTiers.SingleCount;
        (float[] h, float[] codes) = Case(0.01f, 16, lanes, seed: 1);
        h[(5 * lanes) + lanes - 1] = value;
        float[] sums = Run(h, codes, 0.01f, isRotated);

        Assert.True(float.IsNaN(sums[^1]));
        Assert.All(sums[..^1], sum => Assert.True(float.IsFinite(sum)));
    }

    private static (float[] H, float[] Codes) Case(float scale, int count, int lanes, int seed)
    {
        var random = new Random(seed);
        float[] h = [.. Enumerable.Range(0, count * lanes).Select(_ =>
        {
            float tie = (float)((random.Next(-130, 130) + 0.5) * scale);
            return random.Next(4) switch { 0 => tie, 1 => MathF.BitIncrement(tie), 2 => MathF.BitDecrement(tie), _ => random.NextSingle() * 300 * scale };
        })];
        return (h, [.. Enumerable.Range(0, count).Select(_ => (float)random.Next(-128, 128))]);
    }

    private static float[] Expected(float[] h, float[] codes, float scale, int lanes) =>
    [
        .. Enumerable.Range(0, lanes).Select(lane => codes.Select((code, n) =>
            Math.Clamp(MathF.Round(h[(n * lanes) + lane] / scale, MidpointRounding.ToEven), -LargestCode, LargestCode) * code).Sum()),
    ];

    private static float[] Transformed(float[] h, int count)
    {
        float[] result = [.. h];
        fixed (float* x = result)
        {
            new TileLoop(1).Run<Transform, float>(new Transform { X = x, Count = count }, 1, 1);
        }

        return result;
    }

    private static float[] Run(float[] h, float[] codes, float scale, bool isRotated)
    {
        var sums = new float[SimdTiers.SingleCount];
        var scratch = new float[h.Length];
        fixed (float* input = h, output = sums, factors = codes, memory = scratch)
        {
            var product = new Product { H = input, Codes = factors, Count = codes.Length, Scale = scale, IsRotated = isRotated, Scratch = memory, Sums = output };
            new TileLoop(1).Run<Product, float>(product, 1, 1);
        }

        return sums;
    }

    private static float Factor(int count) => (float)(1 / Math.Sqrt(count));

    private struct Product : ITileKernel<float>
    {
        internal float* H;
        internal float* Codes;
        internal float* Scratch;
        internal float* Sums;
        internal int Count;
        internal float Scale;
        internal bool IsRotated;

        public readonly void Tile<TLanes, TVector>(int tile)
            where TLanes : struct, ILanes<TVector, float>
            where TVector : struct
        {
            TVector scale = TLanes.Broadcast(Scale);
            TLanes.Store(Sums, IsRotated
                ? ScanCodeProduct.RotatedSum<TLanes, TVector>(H, Scratch, Codes, Count, Factor(Count), scale, LargestCode)
                : ScanCodeProduct.Sum<TLanes, TVector>(H, Codes, Count, scale, LargestCode));
        }
    }

    private struct Transform : ITileKernel<float>
    {
        internal float* X;
        internal int Count;

        public readonly void Tile<TLanes, TVector>(int tile)
            where TLanes : struct, ILanes<TVector, float>
            where TVector : struct =>
            HadamardLanes.Transform<TLanes, TVector, float>(X, null, 1, Count, Factor(Count), null);
    }
}
