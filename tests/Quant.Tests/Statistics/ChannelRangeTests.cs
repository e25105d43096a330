using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Statistics;
using Xunit;

namespace MambaQuant.Quant.Tests.Statistics;

public sealed class ChannelRangeTests
{
    [Fact]
    public void Merge_TakesTheWiderRangePerChannel()
    {
        var a = new ChannelRange([-1, 0, 2], [3, 0, 4]);
        var b = new ChannelRange([-2, 1, 3], [1, 5, 9]);
        ChannelRange merged = ChannelRange.Merge(a, b);
        Assert.Equal([-2, 0, 2], merged.ChannelMinimum);
        Assert.Equal([3, 5, 9], merged.ChannelMaximum);
        Assert.Equal(-2, merged.Minimum);
        Assert.Equal(9, merged.Maximum);
        Assert.Equal(3, merged.AbsoluteMaximum(0));
    }

    [Fact]
    public void Empty_IsNeutral()
    {
        var range = new ChannelRange([-1, 0], [3, 0]);
        ChannelRange merged = ChannelRange.Merge(range, ChannelRange.Empty(2));
        Assert.Equal(range.ChannelMinimum, merged.ChannelMinimum);
        Assert.Equal(range.ChannelMaximum, merged.ChannelMaximum);
        Assert.True(float.IsPositiveInfinity(ChannelRange.Empty(2).Minimum));
    }

    [Fact]
    public void StateMaxima_AreTakenOverEitherAxis()
    {
        var state = new StateStatistics(3, [1, 5, 2, 4, 0, 3], magnitudes: null);
        Assert.Equal(2, state.Channels);
        Assert.Equal(5, state.ChannelAbsoluteMaximum(0));
        Assert.Equal(4, state.ChannelAbsoluteMaximum(1));
        Assert.Equal(4, state.StateAbsoluteMaximum(0));
        Assert.Equal(3, state.StateAbsoluteMaximum(2));
        Assert.True(state.ChannelMagnitudes(0).IsEmpty);
    }

    [Fact]
    public void SizesThatDoNotFit_AreRefused()
    {
        Assert.Throws<ArgumentException>(() => new ChannelRange([1], [1, 2]));
        Assert.Throws<ArgumentException>(() => ChannelRange.Merge(ChannelRange.Empty(1), ChannelRange.Empty(2)));
        Assert.Throws<ArgumentException>(() => new StateStatistics(4, new float[6], null));
        Assert.Throws<ArgumentException>(() => new StateStatistics(2, new float[6], new long[HistogramBins.MagnitudeBinCount]));
        Assert.Throws<ArgumentException>(() => new ValueHistogram(new long[3]));
    }
}
