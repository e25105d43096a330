using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Tensors;
using Xunit;

namespace MambaQuant.Quant.Tests.Kernels.Cpu.Quantized;

[Trait("Category", "Kernels")]
public sealed class GptqBlockTests : IDisposable
{
    private readonly CpuKernels _serial = new(new CpuKernelsOptions { Threads = 1 });
    private readonly CpuKernels _parallel = new(new CpuKernelsOptions { Threads = 3 });

    public void Dispose()
    {
        _serial.Dispose();
        _parallel.Dispose();
    }

    [Theory]
    [InlineData(1, 1, 1, true)]
    [InlineData(5, 40, 16, false)]
    [InlineData(17, 33, 33, true)]
    [InlineData(3, 300, 128, false)]
    [InlineData(20, 300, 300, true)]
    public void Blocks_EqualTheColumnByColumnMethod(int outputs, int inputs, int blockSize, bool symmetric)
    {
        var grid = new CodeGrid(4, symmetric);
        double[] weight = SeededValues.Doubles(1, outputs * inputs);
        double[] upper = Upper(inputs, seed: 2);
        (sbyte[] codes, double[] compensated, double error) = Run(_serial, weight, upper, outputs, inputs, blockSize, grid);
        (sbyte[] expectedCodes, double[] expected, double expectedError) = Reference(weight, upper, outputs, inputs, blockSize, grid);
        Assert.Equal(expectedCodes, codes);
        for (int i = 0; i < expected.Length; i++)
        {
            // Sums of up to 300 terms in another order; measured 1.5e-15.
            Assert.InRange(compensated[i] - expected[i], -2e-14, 2e-14);
        }

        // Measured 1.8e-15.
        Assert.InRange(error - expectedError, -2e-14 * expectedError, 2e-14 * expectedError);
    }

    [Fact]
    public void Blocks_HaveTheSameBitsForAnyNumberOfThreads()
    {
        const int Outputs = 150, Inputs = 260;
        var grid = new CodeGrid(4, true);
        double[] weight = SeededValues.Doubles(3, Outputs * Inputs);
        double[] upper = Upper(Inputs, seed: 4);
        (sbyte[] codes, double[] compensated, double error) = Run(_serial, weight, upper, Outputs, Inputs, 128, grid);
        (sbyte[] otherCodes, double[] otherCompensated, double otherError) = Run(_parallel, weight, upper, Outputs, Inputs, 128, grid);
        Assert.Equal(codes, otherCodes);
        Assert.Equal(compensated, otherCompensated);
        Assert.Equal(error, otherError);
    }

    [Fact]
    public void UncorrelatedInputs_GiveRoundToNearest()
    {
        const int Outputs = 30, Inputs = 150;
        var grid = new CodeGrid(4, false);
        double[] weight = SeededValues.Doubles(5, Outputs * Inputs);
        double[] identity = new double[Inputs * Inputs];
        for (int i = 0; i < Inputs; i++)
        {
            identity[(i * Inputs) + i] = 1 + i;
        }

        (sbyte[] codes, double[] compensated, _) = Run(_serial, weight, identity, Outputs, Inputs, Inputs, grid);
        using Tensor tensor = _serial.Matrix(weight, Outputs, Inputs);
        (Tensor scales, Tensor? zeroPoints) = _serial.FitWeightScales(tensor, grid, Inputs, new WeightRange(RangeEstimator.MinMax, 1));
        using WeightCodes rounded = _serial.QuantizeWeight(tensor, grid, Inputs, scales, zeroPoints);
        Assert.Equal(_serial.ToArray<sbyte>(rounded.Codes), codes);
        Assert.Equal(weight, compensated);
    }

    [Fact]
    public void CorrelatedInputs_LoseLessThanRoundToNearest()
    {
        // The whole point of the method: Σ over inputs x of ((W − Ŵ) x)² = trace((W − Ŵ) H (W − Ŵ)ᵀ) falls.
        const int Outputs = 24, Inputs = 64, Samples = 400;
        var grid = new CodeGrid(3, true);
        double[] x = SeededValues.Doubles(6, Samples * Inputs);
        for (int i = 0; i < x.Length; i++)
        {
            x[i] += i % Inputs == 0 ? 0 : 0.8 * x[i - 1];
        }

        using Tensor inputs = _serial.Matrix(x, Samples, Inputs);
        using Tensor moment = _serial.Multiply(inputs, inputs, transposeA: true, transposeB: false);
        using Tensor upper = _serial.InverseCholeskyUpper(moment);
        double[] weight = SeededValues.Doubles(7, Outputs * Inputs);
        (sbyte[] codes, _, double reported) = Run(_serial, weight, _serial.ToArray<double>(upper), Outputs, Inputs, Inputs, grid);
        using Tensor original = _serial.Matrix(weight, Outputs, Inputs);
        (Tensor scales, _) = _serial.FitWeightScales(original, grid, Inputs, new WeightRange(RangeEstimator.MinMax, 1));
        using WeightCodes rounded = _serial.QuantizeWeight(original, grid, Inputs, scales, null);
        using var compensated = new WeightCodes(_serial.Matrix(codes, Outputs, Inputs), _serial.Matrix(_serial.ToArray<float>(scales), Outputs, 1), null, grid, Inputs);
        double loss = Loss(original, compensated, inputs);

        // Measured: 0.35 of it.
        Assert.InRange(loss, 0, 0.5 * Loss(original, rounded, inputs));

        // With U from the undamped moment the reported error is that very loss; the fp32 of dequantized weights leaves 1.0e-8 of it.
        Assert.InRange(reported - loss, -1e-7 * loss, 1e-7 * loss);
    }

    [Fact]
    public void BadDiagonalOrRange_IsRefused()
    {
        using Tensor weight = _serial.Allocate(DType.F64, new Shape(2, 3));
        using Tensor upper = _serial.Allocate(DType.F64, new Shape(3, 3));
        using Tensor scales = _serial.Matrix([1f, 1f], 2);
        using Tensor codes = _serial.Allocate(DType.I8, new Shape(2, 3));
        var grid = new CodeGrid(4, true);
        Assert.Contains("diagonal entry 1", Assert.Throws<NumericalException>(() => _serial.GptqBlock(weight, upper, 1, 2, grid, scales, null, codes)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => _serial.GptqBlock(weight, upper, 2, 2, grid, scales, null, codes));
    }

    private double Loss(Tensor original, WeightCodes codes, Tensor inputs)
    {
        using Tensor values = _serial.Dequantize(codes);
        using Tensor wide = _serial.ToDouble(values);
        using Tensor exact = _serial.Multiply(inputs, original, transposeA: false, transposeB: true);
        using Tensor quantized = _serial.Multiply(inputs, wide, transposeA: false, transposeB: true);
        return _serial.SquaredDistance(exact, quantized);
    }

    /// <summary>Runs all blocks; each gets min-max scales of its own compensated columns.</summary>
    private static (sbyte[] Codes, double[] Weight, double Error) Run(
        CpuKernels kernels, double[] weight, double[] upper, int outputs, int inputs, int blockSize, CodeGrid grid)
    {
        using Tensor w = kernels.Matrix(weight, outputs, inputs);
        using Tensor u = kernels.Matrix(upper, inputs, inputs);
        using Tensor codes = kernels.Allocate(DType.I8, new Shape(outputs, inputs));
        double error = 0;
        for (int first = 0; first < inputs; first += blockSize)
        {
            int count = Math.Min(blockSize, inputs - first);
            (float[] scales, int[] zeroPoints) = BlockScales(kernels.ToArray<double>(w), outputs, inputs, first, count, grid);
            using Tensor s = kernels.Matrix(scales, outputs);
            using Tensor z = kernels.Matrix(zeroPoints, outputs);
            error += kernels.GptqBlock(w, u, first, count, grid, s, grid.Symmetric ? null : z, codes);
        }

        return (kernels.ToArray<sbyte>(codes), kernels.ToArray<double>(w), error);
    }

    private static (sbyte[] Codes, double[] Weight, double Error) Reference(
        double[] weight, double[] upper, int outputs, int inputs, int blockSize, CodeGrid grid)
    {
        double[] w = [.. weight];
        sbyte[] codes = new sbyte[w.Length];
        double total = 0;
        float[] scales = [];
        int[] zeroPoints = [];
        for (int i = 0; i < inputs; i++)
        {
            if (i % blockSize == 0)
            {
                (scales, zeroPoints) = BlockScales(w, outputs, inputs, i, Math.Min(blockSize, inputs - i), grid);
            }

            for (int o = 0; o < outputs; o++)
            {
                double value = w[(o * inputs) + i];
                double code = Math.Clamp(Math.Round(value / scales[o], MidpointRounding.ToEven) + zeroPoints[o], grid.Minimum, grid.Maximum);
                codes[(o * inputs) + i] = (sbyte)code;
                double error = (value - ((code - zeroPoints[o]) * scales[o])) / upper[(i * inputs) + i];
                total += error * error;
                for (int j = i + 1; j < inputs; j++)
                {
                    w[(o * inputs) + j] -= error * upper[(i * inputs) + j];
                }
            }
        }

        return (codes, w, total);
    }

    private static (float[] Scales, int[] ZeroPoints) BlockScales(double[] weight, int outputs, int inputs, int first, int count, CodeGrid grid)
    {
        // Rounded generously, so that the last bits of compensated weights do not show.
        (float Scale, int ZeroPoint)[] ranges = [.. Enumerable.Range(0, outputs).Select(o =>
        {
            double[] row = [.. weight.AsSpan((o * inputs) + first, count).ToArray().Select(v => first == 0 ? v : Math.Round(v, 6))];
            return QuantizeActivationTests.Range(row.Min(), row.Max(), grid);
        })];
        return ([.. ranges.Select(range => range.Scale)], [.. ranges.Select(range => range.ZeroPoint)]);
    }

    private static double[] Upper(int n, int seed)
    {
        double[] values = SeededValues.Doubles(seed, n * n);
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
            {
                double scale = j < i ? 0 : j == i ? 1 : 0.2 / Math.Sqrt(n);
                values[(i * n) + j] = j == i ? 1 + (0.5 * values[(i * n) + j]) : scale * values[(i * n) + j];
            }
        }

        return values;
    }
}
