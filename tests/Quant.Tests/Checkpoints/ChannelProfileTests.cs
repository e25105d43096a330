using MambaQuant.Quant.Checkpoints;
using Xunit;

namespace MambaQuant.Quant.Tests.Checkpoints;

public class ChannelProfileTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(127, 1, 127)]
    [InlineData(128, 1, 128)]
    [InlineData(129, 2, 65)]
    [InlineData(1536, 12, 128)]
    [InlineData(5121, 41, 125)]
    public void Bins_AreNeighboursAndAtMost128(int channels, int perBin, int bins)
    {
        double[] values = [.. Enumerable.Range(1, channels).Select(channel => (double)channel)];
        ChannelProfile profile = ChannelProfile.Of(values, withSmallest: true);
        Assert.Equal((channels, perBin), (profile.Channels, profile.ChannelsPerBin));
        Assert.Equal(bins, profile.Largest.Length);
        Assert.Equal(values.Chunk(perBin).Select(bin => Rounded(bin[^1])), profile.Largest);
        Assert.Equal(values.Chunk(perBin).Select(bin => Rounded(bin[0])), profile.Smallest!.Value);
    }

    [Fact]
    public void Quantiles_AreValuesAtTheNearestRank()
    {
        double[] values = [.. Enumerable.Range(0, 201).Reverse().Select(channel => (double)channel)];
        ChannelProfile profile = ChannelProfile.Of(values, withSmallest: false);
        Assert.Equal([0, 2, 50, 100, 150, 198, 200], profile.Quantiles.ToArray());
        Assert.Equal(2, profile.MaximumOverMedian);
        Assert.Null(profile.Smallest);
    }

    [Fact]
    public void MedianOfZero_HasNoRatio() => Assert.Null(ChannelProfile.Of([0, 0, 5], withSmallest: false).MaximumOverMedian);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(-0.0, 0)]
    [InlineData(1234.5, 1234)]
    [InlineData(1235.5, 1236)]
    [InlineData(-1234.5, -1234)]
    [InlineData(99995, 100000)]
    [InlineData(0.000123456, 0.0001235)]
    [InlineData(1e300, 1e300)]
    [InlineData(5e-324, 5e-324)]
    public void Numbers_HaveFourDigits_MidpointsToEven(double value, double expected)
    {
        Assert.Equal(expected, ChannelProfile.Round(value));
    }

    [Fact]
    public void LargestNumber_StaysANumber() => Assert.Equal(double.MaxValue, ChannelProfile.Round(double.MaxValue));

    [Fact]
    public void NoChannelsOrNoNumbers_AreRefused()
    {
        Assert.Throws<ArgumentException>(() => ChannelProfile.Of([], withSmallest: true));
        Assert.Throws<ArgumentException>(() => ChannelProfile.Of([1, double.NaN], withSmallest: true));
        Assert.Throws<ArgumentException>(() => ChannelProfile.Of([1, double.PositiveInfinity], withSmallest: true));
    }

    private static double Rounded(double value) => ChannelProfile.Round(value);
}
