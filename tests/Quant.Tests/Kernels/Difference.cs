using Xunit;

namespace MambaQuant.Quant.Tests.Kernels;

/// <summary>How far a result is from its reference.</summary>
internal static class Difference
{
    /// <summary>The largest difference, as a share of the reference's largest magnitude.</summary>
    public static double Relative(ReadOnlySpan<float> actual, ReadOnlySpan<double> expected)
    {
        Assert.Equal(expected.Length, actual.Length);
        double largest = 0;
        double difference = 0;
        for (int i = 0; i < actual.Length; i++)
        {
            largest = Math.Max(largest, Math.Abs(expected[i]));
            difference = Math.Max(difference, Math.Abs(actual[i] - expected[i]));
        }

        return largest == 0 ? difference : difference / largest;
    }

    /// <summary>The distance in units in the last place of the reference's format, denormal steps included.</summary>
    public static double Ulps(float actual, double expected)
    {
        if (Math.Abs(expected) > float.MaxValue)
        {
            return float.IsInfinity(actual) && Math.Sign(actual) == Math.Sign(expected) ? 0 : double.PositiveInfinity;
        }

        int exponent = expected == 0 ? -149 : Math.Max(-126, Math.ILogB(expected)) - 23;
        return Math.Abs(actual - expected) / Math.ScaleB(1, exponent);
    }

    public static void AssertSameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            if (BitConverter.SingleToInt32Bits(expected[i]) != BitConverter.SingleToInt32Bits(actual[i]))
            {
                Assert.Fail($"element {i}: expected {expected[i]:R}, found {actual[i]:R}");
            }
        }
    }
}
