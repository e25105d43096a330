using MambaQuant.Quant.Tensors;
using Xunit;

namespace MambaQuant.Quant.Tests.Kernels.Cpu.Forward;

[Trait("Category", "Kernels")]
public sealed class CausalConvolutionTests
{
    [Theory]
    [InlineData(1, 1, 1, 1)]
    [InlineData(2, 5, 3, 4)]
    [InlineData(1, 2, 16, 4)]
    [InlineData(2, 9, 17, 3)]
    [InlineData(1, 40, 530, 4)]
    public void Convolution_MatchesTheReference(int batch, int length, int channels, int taps)
    {
        using var fixture = new KernelFixture(threads: 3);
        float[] x = fixture.RandomValues(1, batch, length, channels);
        float[] window = fixture.RandomValues(1, batch, taps - 1, channels);
        float[] weight = fixture.RandomValues(1, channels, taps);
        float[] bias = fixture.RandomValues(1, channels);
        using Tensor carried = fixture.Make(window, batch, taps - 1, channels);
        using Tensor extended = fixture.Kernels.ShiftIn(fixture.Make(x, batch, length, channels), carried);
        using Tensor y = fixture.Kernels.CausalConvolutionSilu(extended, fixture.Make(weight, channels, taps), fixture.Make(bias, channels));

        double Input(int sequence, int token, int channel) => token < 0
            ? window[(((sequence * (taps - 1)) + token + taps - 1) * channels) + channel]
            : x[(((sequence * length) + token) * channels) + channel];

        var expected = new List<double>();
        for (int row = 0; row < batch * length; row++)
        {
            for (int channel = 0; channel < channels; channel++)
            {
                double sum = bias[channel];
                for (int tap = 0; tap < taps; tap++)
                {
                    sum += weight[(channel * taps) + tap] * Input(row / length, (row % length) + tap - taps + 1, channel);
                }

                expected.Add(sum / (1 + Math.Exp(-sum)));
            }
        }

        Assert.InRange(Difference.Relative(fixture.Read(y), expected.ToArray()), 0, 1e-6); // measured: 1.0e-7

        var kept = new List<double>();
        for (int row = 0; row < batch * (taps - 1); row++)
        {
            for (int channel = 0; channel < channels; channel++)
            {
                kept.Add(Input(row / (taps - 1), length - taps + 1 + (row % (taps - 1)), channel));
            }
        }

        Assert.Equal(kept, fixture.Read(carried).Select(value => (double)value));
    }

    [Fact]
    public void TokenByToken_GivesTheBitsOfOneCall()
    {
        using var fixture = new KernelFixture();
        float[] x = fixture.RandomValues(1, 1, 12, 37);
        using Tensor taps = fixture.Random(1, 37, 4);
        using Tensor window = fixture.Make(new float[3 * 37], 1, 3, 37);
        using Tensor extended = fixture.Kernels.ShiftIn(fixture.Make(x, 1, 12, 37), window);
        using Tensor whole = fixture.Kernels.CausalConvolutionSilu(extended, taps, null);
        float[] expected = fixture.Read(whole);
        using Tensor carried = fixture.Make(new float[3 * 37], 1, 3, 37);
        for (int token = 0; token < 12; token++)
        {
            using Tensor one = fixture.Kernels.ShiftIn(fixture.Make(x[(token * 37)..((token + 1) * 37)], 1, 1, 37), carried);
            using Tensor y = fixture.Kernels.CausalConvolutionSilu(one, taps, null);
            Difference.AssertSameBits(expected.AsSpan(token * 37, 37), fixture.Read(y));
        }

        Difference.AssertSameBits(fixture.Read(window), fixture.Read(carried));
    }

    [Fact]
    public void TooShortAnInput_IsRefused()
    {
        using var fixture = new KernelFixture();
        using Tensor extended = fixture.Random(1, 1, 2, 8);
        using Tensor taps = fixture.Random(1, 8, 4);
        Assert.Throws<ArgumentException>(() => fixture.Kernels.CausalConvolutionSilu(extended, taps, null));
    }
}
