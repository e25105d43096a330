using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Tensors;
using Xunit;

namespace MambaQuant.Quant.Tests.Kernels.Cpu.Forward;

[Trait("Category", "Kernels")]
public sealed class WalshHadamardTests
{
    public static TheoryData<int, int> Orders => new()
    {
        { 1, 1 }, { 1, 2 }, { 1, 4 }, { 1, 8 }, { 1, 16 }, { 1, 32 }, { 1, 64 }, { 1, 128 }, { 1, 1024 },
        { 12, 1 }, { 12, 4 }, { 20, 8 }, { 12, 16 }, { 20, 32 }, { 7, 64 }, { 12, 128 },
    };

    [Theory]
    [MemberData(nameof(Orders))]
    public void Transform_MatchesTheDenseProduct(int baseOrder, int powerOfTwo)
    {
        using var fixture = new KernelFixture(threads: 3);
        int order = baseOrder * powerOfTwo;
        float[] signs = Signs(baseOrder);
        using var transform = new HadamardTransform(baseOrder == 1 ? null : fixture.Make(signs, baseOrder, baseOrder), powerOfTwo);
        float[] x = fixture.RandomValues(1, 3, order);
        using Tensor single = fixture.Make(x, 3, order);
        using Tensor wide = fixture.Kernels.Upload<double>([.. x.Select(value => (double)value)], new Shape(3, order));
        fixture.Kernels.WalshHadamard(single, transform);
        fixture.Kernels.WalshHadamard(wide, transform);
        var expected = new double[x.Length];
        for (int i = 0; i < x.Length; i++)
        {
            int column = i % order;
            for (int k = 0; k < order; k++)
            {
                double sign = signs[(k / powerOfTwo * baseOrder) + (column / powerOfTwo)];
                sign *= int.IsEvenInteger(int.PopCount(k % powerOfTwo & column % powerOfTwo)) ? 1 : -1;
                expected[i] += x[i - column + k] * sign / Math.Sqrt(order);
            }
        }

        Assert.InRange(Difference.Relative(fixture.Read(single), expected), 0, 1e-6); // measured: 2.0e-7
        double[] actual = fixture.Read<double>(wide);
        double largest = expected.Max(Math.Abs);
        Assert.All(actual.Zip(expected), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, 1e-13 * largest)); // measured: 3e-15
    }

    [Fact]
    public void Row_DoesNotDependOnTheOtherRows()
    {
        using var fixture = new KernelFixture(threads: 3);
        using var transform = new HadamardTransform(fixture.Make(Signs(12), 12, 12), 64);
        float[] x = fixture.RandomValues(1, 500, 768);
        using Tensor all = fixture.Make(x, 500, 768);
        using Tensor one = fixture.Make(x[(321 * 768)..(322 * 768)], 1, 768);
        fixture.Kernels.WalshHadamard(all, transform);
        fixture.Kernels.WalshHadamard(one, transform);
        Difference.AssertSameBits(fixture.Read(all).AsSpan(321 * 768, 768), fixture.Read(one));
    }

    [Fact]
    public void WrongWidth_IsRefused()
    {
        using var fixture = new KernelFixture();
        using var transform = new HadamardTransform(null, 16);
        using Tensor x = fixture.Random(1, 2, 32);
        Assert.Throws<ArgumentException>(() => fixture.Kernels.WalshHadamard(x, transform));
    }

    /// <summary>Any signs will do to check the arithmetic; orthogonality is the caller's.</summary>
    private static float[] Signs(int order)
    {
        var random = new Random(order);
        return [.. Enumerable.Range(0, order * order).Select(_ => order == 1 || random.Next(2) == 0 ? 1f : -1f)];
    }
}
