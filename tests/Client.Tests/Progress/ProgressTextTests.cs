using MambaQuant.Client.Progress;
using Xunit;

namespace MambaQuant.Client.Tests.Progress;

public sealed class ProgressTextTests
{
    [Theory]
    [InlineData(0, "0 s")]
    [InlineData(0.4, "0 s")]
    [InlineData(59.4, "59 s")]
    [InlineData(59.5, "1 min 00 s")]
    [InlineData(185, "3 min 05 s")]
    [InlineData(3599.6, "1 h 00 min")]
    [InlineData(7620, "2 h 07 min")]
    [InlineData(400000, "111 h 06 min")]
    public void Duration_NeedsTwoUnitsAtMost(double seconds, string expected) =>
        Assert.Equal(expected, ProgressText.Duration(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData(123456.7, "123,457 tokens/s")]
    [InlineData(99.96, "100 tokens/s")]
    [InlineData(99.94, "99.9 tokens/s")]
    [InlineData(9.994, "9.99 tokens/s")]
    [InlineData(9.996, "10.0 tokens/s")]
    [InlineData(0.9994, "0.999 tokens/s")]
    [InlineData(0.01234, "0.012 tokens/s")]
    public void Rate_HasThreeDigits(double rate, string expected) => Assert.Equal(expected, ProgressText.Rate(rate, "tokens"));
}
