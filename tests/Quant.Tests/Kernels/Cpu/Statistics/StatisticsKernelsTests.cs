using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Tensors;
using Xunit;

namespace MambaQuant.Quant.Tests.Kernels.Cpu.Statistics;

[Trait("Category", "Kernels")]
public sealed class StatisticsKernelsTests
{
    public static TheoryData<int, int> Sizes => new()
    {
        { 0, 5 }, { 1, 1 }, { 3, 7 }, { 5, 31 }, { 255, 33 }, { 256, 32 }, { 257, 6 }, { 300, 100 }, { 520, 129 },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void SecondMoment_MatchesTheReference(int rows, int channels)
    {
        using var fixture = new KernelFixture();
        float[] x = fixture.RandomValues(1, rows, channels);
        using Tensor sum = fixture.Kernels.Upload<double>([.. Enumerable.Repeat(0.5, channels)], new Shape(channels));
        using Tensor outer = fixture.Kernels.Upload<double>([.. Enumerable.Repeat(7.0, channels * channels)], new Shape(channels, channels));
        fixture.Kernels.AccumulateSecondMoment(fixture.Make(x, rows, channels), sum, outer);
        double[] sums = fixture.Read<double>(sum);
        double[] products = fixture.Read<double>(outer);
        for (int i = 0; i < channels; i++)
        {
            Assert.Equal(0.5 + Enumerable.Range(0, rows).Sum(row => (double)x[(row * channels) + i]), sums[i], 1e-9);
            for (int j = 0; j < channels; j++)
            {
                double expected = 7 + (j > i ? 0 : Enumerable.Range(0, rows).Sum(row => (double)x[(row * channels) + i] * x[(row * channels) + j]));
                Assert.Equal(expected, products[(i * channels) + j], 2e-6 * Math.Max(1, rows)); // measured: 6e-7 a row
            }
        }
    }

    [Fact]
    public void SecondMoment_AddsBlockAfterBlock()
    {
        using var fixture = new KernelFixture();
        using Tensor x = fixture.Random(1, 600, 70);
        (double[] sums, double[] products) = Moments(fixture, [x]);
        (double[] sumsInParts, double[] productsInParts) = Moments(
            fixture, [fixture.Kernels.Rows(x, 0, 256), fixture.Kernels.Rows(x, 256, 256), fixture.Kernels.Rows(x, 512, 88)]);
        Assert.Equal(sums, sumsInParts);
        Assert.Equal(products, productsInParts);
    }

    [Fact]
    public void SecondMoment_DoesNotDependOnTheThreads()
    {
        using var one = new KernelFixture(threads: 1);
        using var three = new KernelFixture(threads: 3);
        (double[] sums, double[] products) = Moments(one, [one.Random(1, 400, 200)]);
        (double[] sumsOfThree, double[] productsOfThree) = Moments(three, [three.Random(1, 400, 200)]);
        Assert.Equal(sums, sumsOfThree);
        Assert.Equal(products, productsOfThree);
    }

    [Theory]
    [InlineData(0, 3)]
    [InlineData(1, 1)]
    [InlineData(9, 15)]
    [InlineData(40, 16)]
    [InlineData(7, 17)]
    [InlineData(3000, 100)]
    public void Range_LowersAndRaises(int rows, int channels)
    {
        using var fixture = new KernelFixture(threads: 3);
        float[] x = fixture.RandomValues(1, rows, channels);
        float[] low = fixture.RandomValues(1, channels);
        float[] high = fixture.RandomValues(1, channels);
        using Tensor minimum = fixture.Make(low, channels);
        using Tensor maximum = fixture.Make(high, channels);
        fixture.Kernels.AccumulateRange(fixture.Make(x, rows, channels), minimum, maximum);
        IEnumerable<float> Column(int channel) => Enumerable.Range(0, rows).Select(row => x[(row * channels) + channel]);
        Assert.Equal(low.Select((value, channel) => Column(channel).Append(value).Min()), fixture.Read(minimum));
        Assert.Equal(high.Select((value, channel) => Column(channel).Append(value).Max()), fixture.Read(maximum));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1000)]
    [InlineData(600_000)]
    public void Histogram_CountsEveryValue(int count)
    {
        using var fixture = new KernelFixture(threads: 3);
        float[] x = fixture.RandomValues(5, count);
        using Tensor counts = fixture.Kernels.Upload<long>([.. Enumerable.Repeat(2L, HistogramBins.ValueBinCount)], new Shape(HistogramBins.ValueBinCount));
        fixture.Kernels.AccumulateHistogram(fixture.Make(x, count), counts);
        long[] expected = [.. Enumerable.Repeat(2L, HistogramBins.ValueBinCount)];
        foreach (float value in x)
        {
            expected[HistogramBins.ValueBin(value)]++;
        }

        Assert.Equal(expected, fixture.Read<long>(counts));
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(17, 16)]
    [InlineData(100_000, 3)]
    [InlineData(100_000, 65_537)]
    [InlineData(100_000, 99_999)]
    public void FindNonFinite_ReturnsTheFirst(int count, int index)
    {
        using var fixture = new KernelFixture(threads: 3);
        float[] x = fixture.RandomValues(1, count);
        x[0] = float.MaxValue;
        x[count / 2] = float.Epsilon;
        using Tensor finite = fixture.Make(x, count);
        Assert.Equal(-1, fixture.Kernels.FindNonFinite(finite));
        foreach (float value in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            float[] bad = [.. x];
            bad[index] = value;
            bad[count - 1] = float.NaN;
            using Tensor single = fixture.Make(bad, count);
            Assert.Equal(index, fixture.Kernels.FindNonFinite(single));
            using Tensor wide = fixture.Kernels.Upload<double>([.. bad.Select(element => (double)element)], new Shape(count));
            Assert.Equal(index, fixture.Kernels.FindNonFinite(wide));
        }
    }

    [Fact]
    public void FindNonFinite_OfNothingIsMinusOne()
    {
        using var fixture = new KernelFixture();
        using Tensor nothing = fixture.Make([], 0);
        Assert.Equal(-1, fixture.Kernels.FindNonFinite(nothing));
    }

    private static (double[] Sum, double[] Outer) Moments(KernelFixture fixture, IEnumerable<Tensor> batches)
    {
        int channels = 0;
        Tensor? sum = null;
        Tensor? outer = null;
        foreach (Tensor batch in batches)
        {
            channels = batch.Shape.Columns;
            sum ??= fixture.Kernels.Allocate(DType.F64, new Shape(channels));
            outer ??= fixture.Kernels.Allocate(DType.F64, new Shape(channels, channels));
            fixture.Kernels.AccumulateSecondMoment(batch, sum, outer);
        }

        return (fixture.Read<double>(sum!), fixture.Read<double>(outer!));
    }
}
