using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Tensors;
using Xunit;

namespace MambaQuant.Quant.Tests.Kernels.Cpu.Quantized;

[Trait("Category", "Kernels")]
public sealed class QuantizedLinearTests : IDisposable
{
    private readonly CpuKernels _serial = new(new CpuKernelsOptions { Threads = 1 });
    private readonly CpuKernels _parallel = new(new CpuKernelsOptions { Threads = 3 });

    public static TheoryData<int, int, int, int> Sizes
    {
        get
        {
            var sizes = new TheoryData<int, int, int, int>();
            foreach (int rows in new[] { 1, 5, 6, 13 })
            {
                foreach (int inputs in new[] { 1, 2, 15, 16, 33, 64, 257 })
                {
                    sizes.Add(rows, inputs, 33, inputs);
                    sizes.Add(rows, inputs, 3, 16);
                    sizes.Add(rows, inputs, 32, 7);
                }
            }

            sizes.Add(200, 300, 70, 128);
            sizes.Add(7, 600, 65, 600);
            return sizes;
        }
    }

    public void Dispose()
    {
        _serial.Dispose();
        _parallel.Dispose();
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void IntegerProduct_EqualsTheFormula_BitForBit(int rows, int inputs, int outputs, int groupSize)
    {
        foreach (bool asymmetric in new[] { false, true })
        {
            foreach (bool perToken in new[] { false, true })
            {
                var test = new QuantizedCase(rows, inputs, outputs, groupSize, asymmetric, perToken);
                Difference.AssertSameBits(test.Reference(withBias: true), Multiply(_serial, test, QuantizedArithmetic.Integer, withBias: true));
                Difference.AssertSameBits(test.Reference(withBias: false), Multiply(_serial, test, QuantizedArithmetic.Integer, withBias: false));
            }
        }
    }

    [Fact]
    public void IntegerProduct_WithOneScaleForAllWeights_EqualsTheFormula()
    {
        var test = new QuantizedCase(9, 100, 40, 0, asymmetric: true, perToken: true, perTensorWeight: true);
        Difference.AssertSameBits(test.Reference(withBias: true), Multiply(_serial, test, QuantizedArithmetic.Integer, withBias: true));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(13)]
    [InlineData(300)]
    public void SimulatedProduct_DiffersByARoundingAtMost(int rows)
    {
        int differing = 0;
        int total = 0;
        foreach ((bool asymmetric, bool perToken) in new[] { (false, false), (true, true) })
        {
            foreach (int groupSize in new[] { 300, 128 })
            {
                var test = new QuantizedCase(rows, 300, 70, groupSize, asymmetric, perToken);
                float[] integer = Multiply(_serial, test, QuantizedArithmetic.Integer, withBias: true);
                float[] simulated = Multiply(_serial, test, QuantizedArithmetic.Simulated, withBias: true);
                double noise = 1e-15 * integer.Max(Math.Abs);
                for (int i = 0; i < integer.Length; i++)
                {
                    // A sum that cancels to 0 may leave the noise of its terms in fp64; all others agree to a unit in the last place.
                    Assert.True(Math.Abs(simulated[i] - integer[i]) <= noise || Difference.Ulps(simulated[i], integer[i]) <= 1);
                    differing += simulated[i] == integer[i] ? 0 : 1;
                    total++;
                }
            }
        }

        // A difference needs an fp64 sum within 1e-14 or so of a tie of fp32; measured: none of 87,920.
        Assert.InRange(differing, 0, total / 10_000);
    }

    [Theory]
    [InlineData(QuantizedArithmetic.Integer)]
    [InlineData(QuantizedArithmetic.Simulated)]
    public void Product_OfARow_IsTheSameWhateverTheOtherRows_AndTheThreads(QuantizedArithmetic arithmetic)
    {
        var test = new QuantizedCase(400, 260, 90, 128, asymmetric: true, perToken: true);
        float[] all = Multiply(_parallel, test, arithmetic, withBias: true);
        Difference.AssertSameBits(all, Multiply(_serial, test, arithmetic, withBias: true));
        foreach (int row in new[] { 0, 5, 191, 192, 399 })
        {
            using ActivationCodes x = test.Activations(_serial, row, 1);
            using WeightCodes w = test.Weights(_serial);
            using Tensor bias = _serial.Matrix(test.Bias, test.Outputs);
            using Tensor y = _serial.QuantizedLinear(x, w, bias, arithmetic);
            Difference.AssertSameBits(all.AsSpan(row * test.Outputs, test.Outputs), _serial.ToArray<float>(y));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public void LargestCodes_OverTheLargestGroup_FitTheSum(int rows)
    {
        const int Inputs = (1 << 17) - 1;
        sbyte[] codes = new sbyte[rows * Inputs];
        codes.AsSpan().Fill(-128);
        var grid = new CodeGrid(8, Symmetric: false);
        using var x = new ActivationCodes(_serial.Matrix(codes, rows, Inputs), 1, 0);
        using var w = new WeightCodes(_serial.Matrix(codes.AsSpan(0, Inputs).ToArray(), 1, Inputs), _serial.Matrix([1f], 1, 1), null, grid, Inputs);
        using Tensor y = _serial.QuantizedLinear(x, w, null, QuantizedArithmetic.Integer);
        Assert.All(_serial.ToArray<float>(y), value => Assert.Equal((float)(128L * 128 * Inputs), value));
    }

    [Fact]
    public void GroupThatCouldOverflow_IsRefused()
    {
        const int Inputs = 1 << 17;
        var grid = new CodeGrid(8, Symmetric: true);
        using var x = new ActivationCodes(_serial.Allocate(DType.I8, new Shape(1, Inputs)), 1, 0);
        using var w = new WeightCodes(_serial.Allocate(DType.I8, new Shape(1, Inputs)), _serial.Matrix([1f], 1, 1), null, grid, Inputs);
        Assert.Contains("131071", Assert.Throws<ArgumentException>(() => _serial.QuantizedLinear(x, w, null, QuantizedArithmetic.Integer)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ValueZero_ContributesNothing_OnAnAsymmetricGrid()
    {
        var test = new QuantizedCase(8, 64, 16, 16, asymmetric: true, perToken: true);
        for (int t = 0; t < test.Rows; t++)
        {
            test.X.AsSpan(t * test.Inputs, test.Inputs).Fill((sbyte)test.TokenZeroPoints[t]);
        }

        float[] y = Multiply(_serial, test, QuantizedArithmetic.Integer, withBias: true);
        for (int i = 0; i < y.Length; i++)
        {
            Assert.Equal(test.Bias[i % test.Outputs], y[i]);
        }
    }

    [Fact]
    public void NoRowsOrNoInputs_GiveEmptyOrBias()
    {
        var none = new QuantizedCase(0, 5, 3, 5, asymmetric: false, perToken: true);
        Assert.Empty(Multiply(_serial, none, QuantizedArithmetic.Integer, withBias: true));
        var empty = new QuantizedCase(2, 0, 3, 1, asymmetric: false, perToken: false);
        Assert.Equal([.. empty.Bias, .. empty.Bias], Multiply(_serial, empty, QuantizedArithmetic.Integer, withBias: true));
        Assert.Equal([.. empty.Bias, .. empty.Bias], Multiply(_serial, empty, QuantizedArithmetic.Simulated, withBias: true));
    }

    [Fact]
    public void MismatchedShapes_AreRefused_AndNothingLeaks()
    {
        var test = new QuantizedCase(4, 64, 16, 16, asymmetric: false, perToken: false);
        using ActivationCodes x = test.Activations(_serial);
        using WeightCodes w = test.Weights(_serial);
        using Tensor bias = _serial.Matrix(new float[15], 15);
        using var wrongScales = new WeightCodes(_serial.Matrix(test.W, 16, 64), _serial.Matrix(new float[32], 16, 2), null, test.Grid, 16);
        long live = _serial.LiveBytes;
        Assert.Throws<ArgumentException>(() => _serial.QuantizedLinear(x, w, bias, QuantizedArithmetic.Integer));
        Assert.Contains("[16, 4]", Assert.Throws<ArgumentException>(() => _serial.QuantizedLinear(x, wrongScales, null, QuantizedArithmetic.Integer)).Message, StringComparison.Ordinal);
        Assert.Equal(live, _serial.LiveBytes);
    }

    private static float[] Multiply(CpuKernels kernels, QuantizedCase test, QuantizedArithmetic arithmetic, bool withBias)
    {
        using ActivationCodes x = test.Activations(kernels);
        using WeightCodes w = test.Weights(kernels);
        using Tensor bias = kernels.Matrix(test.Bias, test.Outputs);
        using Tensor y = kernels.QuantizedLinear(x, w, withBias ? bias : null, arithmetic);
        Assert.Equal(new Shape(test.Rows, test.Outputs), y.Shape);
        return kernels.ToArray<float>(y);
    }
}
