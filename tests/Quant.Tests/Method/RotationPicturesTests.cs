using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Method;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Statistics;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Method;

public class RotationPicturesTests
{
    [Theory]
    [InlineData(12, true)]
    [InlineData(40, true)]
    [InlineData(40, false)]
    [InlineData(144, true)]
    public void Klt_LeavesEveryChannelTheSameVariance_WhereHadamardDoesNot(int width, bool centered)
    {
        using var kernels = new OpaqueKernels();
        SecondMoment moment = Correlated(width);
        Rotation rotation = KltRotation.Compute(kernels, RotationSite.ResidualStream, moment, centered);
        RotationPicture picture = RotationPictures.Of(kernels, RotationSite.ResidualStream, moment, rotation, centered);
        double mean = RotationPictures.Variances(moment, centered).Average();

        // Rounded to four digits, nothing else: measured 0.
        Assert.All(picture.Klt.Largest.Concat(picture.Klt.Smallest!.Value), variance => Assert.Equal(ChannelProfile.Round(mean), variance));
        Assert.Equal(1, picture.Klt.MaximumOverMedian);
        Assert.True(picture.Hadamard.MaximumOverMedian > 1.5, $"{picture.Hadamard.MaximumOverMedian}");
        Assert.True(picture.Before.MaximumOverMedian > 1.5, $"{picture.Before.MaximumOverMedian}");
        Assert.Empty(kernels.LiveTensors);
    }

    [Fact]
    public void Spectrum_IsThatOfTheCovariance_LargestFirst()
    {
        const int width = 40;
        using var kernels = new OpaqueKernels();
        SecondMoment moment = Correlated(width);
        Rotation rotation = KltRotation.Compute(kernels, RotationSite.ResidualStream, moment, centered: true);
        RotationPicture picture = RotationPictures.Of(kernels, RotationSite.ResidualStream, moment, rotation, centered: true);
        Assert.Equal(Enumerable.Range(1, width), picture.SpectrumRanks);
        Assert.Equal(picture.Spectrum.OrderDescending(), picture.Spectrum);

        // Σ λ = tr C, rounded to four digits each: measured 2.1e-5.
        double trace = RotationPictures.Variances(moment, centered: true).Sum();
        Assert.InRange(Math.Abs((picture.Spectrum.Sum() / trace) - 1), 0, 2e-4);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(256, 256)]
    [InlineData(257, 0)]
    [InlineData(2560, 0)]
    [InlineData(65536, 0)]
    public void Ranks_BeginAtOneAndEndAtTheWidth_AtMost256(int width, int expected)
    {
        int[] ranks = [.. RotationPictures.Ranks(width)];
        Assert.Equal((1, width), (ranks[0], ranks[^1]));
        Assert.Equal(ranks.Distinct().Order(), ranks);
        Assert.InRange(ranks.Length, Math.Min(width, 100), 256);
        Assert.True(expected == 0 || ranks.Length == expected);
    }

    /// <summary>Channels that share a few strong directions, and a mean that is not zero.</summary>
    private static SecondMoment Correlated(int width)
    {
        var random = new Random(5);
        double[] sum = new double[width], packed = new double[SecondMoment.PackedLength(width)];
        double[] direction = [.. Enumerable.Range(0, width).Select(channel => channel % 3 == 0 ? 3.0 : 0.2)];
        const int tokens = 400;
        for (int token = 0; token < tokens; token++)
        {
            double common = random.NextDouble() - 0.5;
            double[] x = [.. direction.Select(weight => 0.3 + (6 * common * weight) + random.NextDouble())];
            int next = 0;
            for (int i = 0; i < width; i++)
            {
                sum[i] += x[i];
                for (int j = 0; j <= i; j++)
                {
                    packed[next++] += x[i] * x[j];
                }
            }
        }

        return new SecondMoment(tokens, sum, packed);
    }
}
