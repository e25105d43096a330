using MambaQuant.Client.Planning;
using Xunit;

namespace MambaQuant.Client.Tests.Planning;

public sealed class RateTextTests
{
    [Theory]
    [InlineData(0.254, "0.25 s")]
    [InlineData(99.96, "100.0 s")]
    [InlineData(150.4, "2 min 30 s")]
    [InlineData(7_199.9, "120 min 00 s")]
    [InlineData(11_100, "3 h 05 min")]
    public void Time_TakesTheUnitThatReadsBest(double seconds, string expected) => Assert.Equal(expected, RateText.Time(seconds));

    [Theory]
    [InlineData(28.5e9, "28.5 GFLOP/s")]
    [InlineData(67e12, "67.0 TFLOP/s")]
    public void Operations_TakeTheUnitThatReadsBest(double rate, string expected) => Assert.Equal(expected, RateText.Operations(rate));
}
