using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Tensors;
using Xunit;

namespace MambaQuant.Quant.Tests.Kernels.Cpu.Quantized;

[Trait("Category", "Kernels")]
public sealed class QuantizedConvolutionTests : IDisposable
{
    private readonly CpuKernels _serial = new(new CpuKernelsOptions { Threads = 1 });
    private readonly CpuKernels _parallel = new(new CpuKernelsOptions { Threads = 3 });

    public void Dispose()
    {
        _serial.Dispose();
        _parallel.Dispose();
    }

    [Theory]
    [InlineData(1, 1, 1, 4, 4)]
    [InlineData(2, 5, 15, 4, 4)]
    [InlineData(1, 3, 16, 4, 4)]
    [InlineData(1, 2, 17, 3, 3)]
    [InlineData(2, 3, 33, 4, 2)]
    [InlineData(1, 4, 300, 4, 1)]
    [InlineData(1, 2, 257, 1, 1)]
    [InlineData(1, 0, 8, 4, 4)]
    public void Convolution_EqualsTheFormula_BitForBit(int batch, int length, int channels, int taps, int groupSize)
    {
        foreach (bool asymmetric in new[] { false, true })
        {
            foreach (bool perToken in new[] { false, true })
            {
                // Rows of the case are the rows of the extended sequence; its weights are the taps.
                var x = new QuantizedCase(batch * (taps - 1 + length), channels, 1, channels, asymmetric, perToken, seed: 1);
                var w = new QuantizedCase(0, taps, channels, groupSize, asymmetric, perToken: false, seed: 9);
                foreach (QuantizedArithmetic arithmetic in new[] { QuantizedArithmetic.Integer, QuantizedArithmetic.Simulated })
                {
                    bool exact = arithmetic == QuantizedArithmetic.Integer && !perToken && groupSize >= taps;
                    float[] expected = Silu(Reference(x, w, batch, length, exact), channels);
                    Difference.AssertSameBits(expected, Convolve(_serial, x, w, batch, length, arithmetic));
                }
            }
        }
    }

    [Fact]
    public void Arithmetics_AgreeToARounding()
    {
        const int Length = 60, Channels = 256, Taps = 4;
        var x = new QuantizedCase(Taps - 1 + Length, Channels, 1, Channels, asymmetric: true, perToken: false);
        var w = new QuantizedCase(0, Taps, Channels, Taps, asymmetric: true, perToken: false);
        float[] integer = Convolve(_serial, x, w, 1, Length, QuantizedArithmetic.Integer);
        float[] simulated = Convolve(_serial, x, w, 1, Length, QuantizedArithmetic.Simulated);
        for (int i = 0; i < integer.Length; i++)
        {
            // One rounding of the pre-activation, doubled at most by the slope of SiLU; measured: none differs.
            Assert.InRange(simulated[i] - integer[i], -3e-7 * Math.Abs(integer[i]), 3e-7 * Math.Abs(integer[i]));
        }
    }

    [Fact]
    public void Convolution_HasTheSameBits_ForAnyThreads_AndTokenByToken()
    {
        const int Length = 300, Channels = 200, Taps = 4;
        var x = new QuantizedCase(Taps - 1 + Length, Channels, 1, Channels, asymmetric: true, perToken: true);
        var w = new QuantizedCase(0, Taps, Channels, Taps, asymmetric: false, perToken: false);
        float[] all = Convolve(_parallel, x, w, 1, Length, QuantizedArithmetic.Integer);
        Difference.AssertSameBits(all, Convolve(_serial, x, w, 1, Length, QuantizedArithmetic.Integer));
        foreach (int token in new[] { 0, 1, 150, Length - 1 })
        {
            using ActivationCodes flat = x.Activations(_serial, token, Taps);
            using var extended = new ActivationCodes(_serial.Matrix(_serial.ToArray<sbyte>(flat.Codes), 1, Taps, Channels), Copy(flat.TokenScales!), CopyIntegers(flat.TokenZeroPoints!));
            using WeightCodes taps = w.Weights(_serial);
            using Tensor bias = _serial.Matrix(w.Bias, Channels);
            using Tensor y = _serial.QuantizedCausalConvolutionSilu(extended, taps, bias, QuantizedArithmetic.Integer);
            Difference.AssertSameBits(all.AsSpan(token * Channels, Channels), _serial.ToArray<float>(y));
        }
    }

    private Tensor Copy(Tensor tensor) => _serial.Matrix(_serial.ToArray<float>(tensor), tensor.Shape[0]);

    private Tensor CopyIntegers(Tensor tensor) => _serial.Matrix(_serial.ToArray<int>(tensor), tensor.Shape[0]);

    private static float[] Convolve(CpuKernels kernels, QuantizedCase x, QuantizedCase w, int batch, int length, QuantizedArithmetic arithmetic)
    {
        using ActivationCodes flat = x.Activations(kernels);
        using Tensor codes = kernels.Reshape(flat.Codes, new Shape(batch, x.Rows / batch, x.Inputs));
        using ActivationCodes extended = x.IsPerToken
            ? new ActivationCodes(codes, flat.TokenScales!, flat.TokenZeroPoints)
            : new ActivationCodes(codes, flat.Scale, flat.ZeroPoint);
        using WeightCodes taps = w.Weights(kernels);
        using Tensor bias = kernels.Matrix(w.Bias, w.Outputs);
        using Tensor y = kernels.QuantizedCausalConvolutionSilu(extended, taps, bias, arithmetic);
        Assert.Equal(new Shape(batch, length, w.Outputs), y.Shape);
        return kernels.ToArray<float>(y);
    }

    /// <summary>The pre-activations, rounded once to fp32.</summary>
    private static float[] Reference(QuantizedCase x, QuantizedCase w, int batch, int length, bool exact)
    {
        (int channels, int taps) = (w.Outputs, w.Inputs);
        float[] y = new float[batch * length * channels];
        for (int row = 0; row < batch * length; row++)
        {
            int first = (row / length * (taps - 1 + length)) + (row % length);
            for (int c = 0; c < channels; c++)
            {
                double sum = 0;
                long integer = 0;
                for (int j = 0; j < taps; j++)
                {
                    int index = w.ScaleIndex(c, j);
                    int left = x.X[((first + j) * channels) + c] - x.TokenZeroPoints[first + j];
                    int right = w.W[(c * taps) + j] - w.WeightZeroPoints[index];
                    integer += (long)left * right;
                    sum += (double)x.TokenScales[first + j] * left * ((double)w.WeightScales[index] * right);
                }

                double total = exact ? (double)x.TokenScales[first] * w.WeightScales[w.ScaleIndex(c, 0)] * integer : sum;
                y[(row * channels) + c] = (float)(total + w.Bias[c]);
            }
        }

        return y;
    }

    /// <summary>SiLU as the float convolution computes it: one tap of 1, no bias.</summary>
    private float[] Silu(float[] values, int channels)
    {
        int rows = values.Length / channels;
        using Tensor x = _serial.Matrix(values, 1, rows, channels);
        using Tensor one = _serial.Matrix([.. Enumerable.Repeat(1f, channels)], channels, 1);
        using Tensor y = _serial.CausalConvolutionSilu(x, one, null);
        return _serial.ToArray<float>(y);
    }
}
