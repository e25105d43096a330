using MambaQuant.Quant.Tensors;
using Xunit;

namespace MambaQuant.Quant.Tests.Kernels.Cpu.Forward;

[Trait("Category", "Kernels")]
public sealed class ElementwiseTests
{
    public static TheoryData<int> Lengths => [0, 1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 257, 5120];

    [Theory]
    [MemberData(nameof(Lengths))]
    public void RmsNorm_MatchesTheReference(int columns)
    {
        using var fixture = new KernelFixture();
        float[] x = fixture.RandomValues(3, 4, columns);
        float[] weight = fixture.RandomValues(1, columns);
        using Tensor y = fixture.Kernels.RmsNorm(fixture.Make(x, 4, columns), fixture.Make(weight, columns), 1e-5f);
        using Tensor plain = fixture.Kernels.RmsNorm(fixture.Make(x, 4, columns), null, 1e-5f);
        var expected = new double[x.Length];
        var unweighted = new double[x.Length];
        for (int i = 0; i < x.Length; i++)
        {
            double squares = x.AsSpan(i / columns * columns, columns).ToArray().Sum(value => (double)value * value);
            unweighted[i] = x[i] / Math.Sqrt((squares / columns) + 1e-5f);
            expected[i] = unweighted[i] * weight[i % columns];
        }

        Assert.InRange(Difference.Relative(fixture.Read(y), expected), 0, 5e-7); // measured: 1.1e-7
        Assert.InRange(Difference.Relative(fixture.Read(plain), unweighted), 0, 5e-7); // measured: 8.5e-8
    }

    [Fact]
    public void RmsNorm_RowDoesNotDependOnTheOtherRows()
    {
        using var fixture = new KernelFixture(threads: 3);
        using Tensor x = fixture.Random(1, 1000, 333);
        using Tensor together = fixture.Kernels.RmsNorm(x, null, 1e-5f);
        using Tensor row = fixture.Kernels.Rows(x, 700, 1);
        using Tensor apart = fixture.Kernels.RmsNorm(row, null, 1e-5f);
        Difference.AssertSameBits(fixture.Read(together).AsSpan(700 * 333, 333), fixture.Read(apart));
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void GatedSilu_MatchesTheReference(int columns)
    {
        using var fixture = new KernelFixture();
        float[] y = fixture.RandomValues(2, 1, 3, columns);
        float[] gate = fixture.RandomValues(4, 1, 3, columns);
        float[] smoothing = [.. fixture.RandomValues(1, columns).Select(value => 0.1f + MathF.Abs(value))];
        using Tensor plain = fixture.Kernels.GatedSilu(fixture.Make(y, 1, 3, columns), fixture.Make(gate, 1, 3, columns), null);
        using Tensor smooth = fixture.Kernels.GatedSilu(fixture.Make(y, 1, 3, columns), fixture.Make(gate, 1, 3, columns), fixture.Make(smoothing, columns));
        double[] expectedPlain = [.. y.Select((value, i) => value * gate[i] / (1 + Math.Exp(-gate[i])))];
        double[] expectedSmooth = [.. y.Select((value, i) => value * gate[i] / (1 + Math.Exp(-(double)gate[i] * smoothing[i % columns])))];
        Assert.InRange(Difference.Relative(fixture.Read(plain), expectedPlain), 0, 5e-7); // measured: 1.1e-7
        Assert.InRange(Difference.Relative(fixture.Read(smooth), expectedSmooth), 0, 5e-7); // measured: 1.2e-7
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(17)]
    [InlineData(40_001)]
    public void Softplus_GivesAnElementTheSameBitsWhereverItLies(int count)
    {
        using var fixture = new KernelFixture(threads: 3);
        float[] x = fixture.RandomValues(20, count);
        using Tensor all = fixture.Make(x, count);
        fixture.Kernels.Softplus(all);
        float[] values = fixture.Read(all);
        foreach (int i in new[] { 0, count / 2, count - 1 }.Where(i => i >= 0 && i < count))
        {
            using Tensor one = fixture.Make([x[i]], 1);
            fixture.Kernels.Softplus(one);
            Difference.AssertSameBits([values[i]], fixture.Read(one));
            Assert.Equal(Math.Max(x[i], 0) + Math.Log(1 + Math.Exp(-Math.Abs((double)x[i]))), values[i], 1e-5);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(17)]
    [InlineData(50_003)]
    public void Add_AddsInBothPrecisions(int count)
    {
        using var fixture = new KernelFixture(threads: 3);
        float[] a = fixture.RandomValues(1, count);
        float[] b = fixture.RandomValues(1, count);
        using Tensor single = fixture.Make(a, count);
        fixture.Kernels.Add(single, fixture.Make(b, count));
        Difference.AssertSameBits([.. a.Zip(b, (x, y) => x + y)], fixture.Read(single));

        double[] wide = [.. a.Select(value => value + 1e-9)];
        using Tensor target = fixture.Kernels.Upload<double>(wide, new Shape(count));
        using Tensor addend = fixture.Kernels.Upload<double>(wide, new Shape(count));
        fixture.Kernels.Add(target, addend);
        Assert.Equal(wide.Select(value => value + value), fixture.Read<double>(target));
    }

    [Fact]
    public void Add_RefusesAnotherShape()
    {
        using var fixture = new KernelFixture();
        using Tensor a = fixture.Random(1, 2, 3);
        using Tensor b = fixture.Random(1, 3, 2);
        Assert.Throws<ArgumentException>(() => fixture.Kernels.Add(a, b));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 7)]
    [InlineData(3, 4)]
    [InlineData(6, 1)]
    public void SliceColumns_CopiesTheRange(int first, int count)
    {
        using var fixture = new KernelFixture();
        float[] x = fixture.RandomValues(1, 2, 5, 7);
        using Tensor part = fixture.Kernels.SliceColumns(fixture.Make(x, 2, 5, 7), first, count);
        Assert.Equal(new Shape(2, 5, count), part.Shape);
        Assert.Equal(x.Where((_, i) => i % 7 >= first && i % 7 < first + count), fixture.Read(part));
        using Tensor wide = fixture.Kernels.Upload<double>([.. x.Select(value => (double)value)], new Shape(10, 7));
        using Tensor widePart = fixture.Kernels.SliceColumns(wide, first, count);
        Assert.Equal(fixture.Read(part).Select(value => (double)value), fixture.Read<double>(widePart));
    }

    [Fact]
    public void SliceColumns_RefusesColumnsOutside()
    {
        using var fixture = new KernelFixture();
        using Tensor x = fixture.Random(1, 2, 7);
        Assert.Throws<ArgumentOutOfRangeException>(() => fixture.Kernels.SliceColumns(x, 4, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => fixture.Kernels.SliceColumns(x, -1, 2));
    }

    [Fact]
    public void GatherRows_PicksRowsAndRefusesOthers()
    {
        using var fixture = new KernelFixture();
        float[] table = fixture.RandomValues(1, 5, 3);
        using Tensor source = fixture.Make(table, 5, 3);
        using Tensor rows = fixture.Kernels.GatherRows(source, [4, 0, 4]);
        Assert.Equal([.. table[12..15], .. table[..3], .. table[12..15]], fixture.Read(rows));
        Assert.Throws<ArgumentOutOfRangeException>(() => fixture.Kernels.GatherRows(source, [5]));
        Assert.Throws<ArgumentOutOfRangeException>(() => fixture.Kernels.GatherRows(source, [-1]));
    }
}
