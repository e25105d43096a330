using MambaQuant.Quant.Statistics;
using Xunit;

namespace MambaQuant.Quant.Tests.Statistics;

public sealed class SecondMomentTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 2)]
    [InlineData(7, 3)]
    [InlineData(20, 4)]
    public void Merge_IsTheMomentOfBothHalves(int channels, int seed)
    {
        double[][] rows = Rows(channels, 60, seed);
        SecondMoment whole = Moment(rows, channels);
        SecondMoment merged = SecondMoment.Merge(Moment(rows[..23], channels), Moment(rows[23..], channels));
        Assert.Equal(60, merged.Count);

        // Largest difference measured: 5.8e-16 of the largest entry (another order of the same fp64 sums).
        AssertClose(whole.Sum, merged.Sum, 1e-12);
        AssertClose(whole.Packed, merged.Packed, 1e-12);
    }

    [Fact]
    public void Empty_IsNeutral()
    {
        SecondMoment moment = Moment(Rows(5, 9, 1), 5);
        SecondMoment merged = SecondMoment.Merge(SecondMoment.Empty(5), moment);
        Assert.Equal(moment.Count, merged.Count);
        Assert.Equal(moment.Sum, merged.Sum);
        Assert.Equal(moment.Packed, merged.Packed);
    }

    [Fact]
    public void Covariance_IsThatOfTheDefinition()
    {
        const int Channels = 6;
        double[][] rows = Rows(Channels, 40, 8);
        SecondMoment moment = Moment(rows, Channels);
        double[] mean = moment.Mean();
        double[] centered = moment.Covariance(centered: true);
        double[] uncentred = moment.Uncentred();
        for (int i = 0; i < Channels; i++)
        {
            for (int j = 0; j < Channels; j++)
            {
                // Largest difference measured: 5.6e-15.
                Assert.Equal(rows.Average(row => (row[i] - mean[i]) * (row[j] - mean[j])), centered[(i * Channels) + j], 1e-13);
                Assert.Equal(rows.Average(row => row[i] * row[j]), uncentred[(i * Channels) + j], 1e-13);
                Assert.Equal(centered[(i * Channels) + j], centered[(j * Channels) + i]);
            }
        }
    }

    [Fact]
    public void CallersMistakes_AreRefused()
    {
        Assert.Throws<ArgumentException>(() => new SecondMoment(1, new double[3], new double[5]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SecondMoment(-1, new double[1], new double[1]));
        Assert.Throws<ArgumentException>(() => SecondMoment.Merge(SecondMoment.Empty(2), SecondMoment.Empty(3)));
        Assert.Throws<InvalidOperationException>(() => SecondMoment.Empty(2).Covariance(centered: true));
    }

    private static SecondMoment Moment(double[][] rows, int channels)
    {
        double[] sum = new double[channels];
        double[] packed = new double[SecondMoment.PackedLength(channels)];
        foreach (double[] row in rows)
        {
            int next = 0;
            for (int i = 0; i < channels; i++)
            {
                sum[i] += row[i];
                for (int j = 0; j <= i; j++)
                {
                    packed[next++] += row[i] * row[j];
                }
            }
        }

        return new SecondMoment(rows.Length, sum, packed);
    }

    private static double[][] Rows(int channels, int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, channels).Select(c => (random.NextDouble() * 4) - 1 + (c % 3)).ToArray())];
    }

    private static void AssertClose(ReadOnlySpan<double> expected, ReadOnlySpan<double> found, double relative)
    {
        double largest = 0;
        foreach (double value in expected)
        {
            largest = Math.Max(largest, Math.Abs(value));
        }

        for (int i = 0; i < expected.Length; i++)
        {
            Assert.InRange(Math.Abs(expected[i] - found[i]), 0, relative * largest);
        }
    }
}
