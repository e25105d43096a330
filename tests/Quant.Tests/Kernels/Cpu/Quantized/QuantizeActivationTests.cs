using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Tensors;
using Xunit;

namespace MambaQuant.Quant.Tests.Kernels.Cpu.Quantized;

[Trait("Category", "Kernels")]
public sealed class QuantizeActivationTests : IDisposable
{
    private readonly CpuKernels _serial = new(new CpuKernelsOptions { Threads = 1 });
    private readonly CpuKernels _parallel = new(new CpuKernelsOptions { Threads = 3 });

    public void Dispose()
    {
        _serial.Dispose();
        _parallel.Dispose();
    }

    [Fact]
    public void Codes_TieToEven_AndClamp()
    {
        using Tensor x = _serial.Matrix([0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -2.5f, 126.5f, 127.5f, 1e30f, -127.5f, -1e30f, 0f, -0f], 13);
        using ActivationCodes codes = _serial.QuantizeActivation(x, new CodeGrid(8, Symmetric: true), 1, 0);
        Assert.Equal([0, 2, 2, 0, -2, -2, 126, 127, 127, -127, -127, 0, 0], _serial.ToArray<sbyte>(codes.Codes));
    }

    [Fact]
    public void AsymmetricCodes_UseTheWholeGrid_AndZeroIsExact()
    {
        using Tensor x = _serial.Matrix([-3f, -2f, 0f, 1f, 12f, 13f, 14f], 7);
        using ActivationCodes codes = _serial.QuantizeActivation(x, new CodeGrid(4, Symmetric: false), 1, -6);
        Assert.Equal([-8, -8, -6, -5, 6, 7, 7], _serial.ToArray<sbyte>(codes.Codes));
        using Tensor values = _serial.Dequantize(codes);
        Assert.Equal([-2f, -2, 0, 1, 12, 13, 13], _serial.ToArray<float>(values));
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(3, 0)]
    [InlineData(1, 1)]
    [InlineData(4, 15)]
    [InlineData(4, 16)]
    [InlineData(4, 17)]
    [InlineData(3, 511)]
    [InlineData(3, 513)]
    [InlineData(700, 129)]
    public void Codes_EqualTheFormula(int rows, int columns)
    {
        float[] values = SeededValues.Singles(rows + columns, rows * columns);
        foreach ((CodeGrid grid, int zeroPoint) in new[] { (new CodeGrid(8, true), 0), (new CodeGrid(8, false), 31), (new CodeGrid(3, false), -4) })
        {
            using Tensor x = _parallel.Matrix(values, rows, columns);
            using ActivationCodes codes = _parallel.QuantizeActivation(x, grid, 0.013f, zeroPoint);
            Assert.Equal(values.Select(v => Code(v, 0.013f, zeroPoint, grid)), _parallel.ToArray<sbyte>(codes.Codes));
        }
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(1, 1)]
    [InlineData(5, 16)]
    [InlineData(5, 33)]
    [InlineData(600, 257)]
    public void TokenScales_ComeFromTheTokensOwnExtremes(int rows, int columns)
    {
        float[] values = SeededValues.Singles(rows * columns, rows * columns);
        foreach (CodeGrid grid in new[] { new CodeGrid(8, true), new CodeGrid(8, false), new CodeGrid(4, false) })
        {
            using Tensor x = _parallel.Matrix(values, rows, columns);
            using ActivationCodes codes = _parallel.QuantizeActivationPerToken(x, grid);
            sbyte[] actual = _parallel.ToArray<sbyte>(codes.Codes);
            float[] scales = _parallel.ToArray<float>(codes.TokenScales!);
            int[] zeroPoints = grid.Symmetric ? new int[rows] : _parallel.ToArray<int>(codes.TokenZeroPoints!);
            Assert.Equal(grid.Symmetric, codes.TokenZeroPoints is null);
            for (int t = 0; t < rows; t++)
            {
                float[] token = values.AsSpan(t * columns, columns).ToArray();
                (float scale, int zeroPoint) = Range(token.Min(), token.Max(), grid);
                Assert.Equal(scale, scales[t]);
                Assert.Equal(zeroPoint, zeroPoints[t]);
                Assert.Equal(token.Select(v => Code(v, scale, zeroPoint, grid)), actual.AsSpan(t * columns, columns).ToArray());
            }
        }
    }

    [Fact]
    public void TokenOfZeros_GetsScaleOne()
    {
        using Tensor x = _serial.Matrix(new float[6], 2, 3);
        foreach (bool symmetric in new[] { true, false })
        {
            using ActivationCodes codes = _serial.QuantizeActivationPerToken(x, new CodeGrid(8, symmetric));
            Assert.Equal([1f, 1f], _serial.ToArray<float>(codes.TokenScales!));
            using Tensor values = _serial.Dequantize(codes);
            Assert.Equal(new float[6], _serial.ToArray<float>(values));
        }
    }

    [Fact]
    public void TokenCodes_DoNotDependOnOtherTokens()
    {
        float[] values = SeededValues.Singles(3, 50 * 70);
        using Tensor x = _serial.Matrix(values, 50, 70);
        using Tensor row = _serial.Rows(x, 31, 1);
        using ActivationCodes all = _serial.QuantizeActivationPerToken(x, new CodeGrid(8, false));
        using ActivationCodes one = _serial.QuantizeActivationPerToken(row, new CodeGrid(8, false));
        Assert.Equal(_serial.ToArray<sbyte>(all.Codes).AsSpan(31 * 70, 70).ToArray(), _serial.ToArray<sbyte>(one.Codes));
        Assert.Equal(_serial.ToArray<float>(all.TokenScales!)[31], _serial.ToArray<float>(one.TokenScales!)[0]);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void NonFiniteActivation_IsRefusedWithItsPlace(float value)
    {
        float[] values = new float[3 * 19];
        values[(1 * 19) + 18] = value;
        using Tensor x = _serial.Matrix(values, 3, 19);
        long live = _serial.LiveBytes;
        foreach (Func<ActivationCodes> quantize in new Func<ActivationCodes>[]
        {
            () => _serial.QuantizeActivation(x, new CodeGrid(8, true), 1, 0),
            () => _serial.QuantizeActivationPerToken(x, new CodeGrid(8, true)),
            () => _serial.QuantizeActivationPerToken(x, new CodeGrid(8, false)),
        })
        {
            Assert.Contains("row 1, channel 18", Assert.Throws<NumericalException>(quantize).Message, StringComparison.Ordinal);
        }

        Assert.Equal(live, _serial.LiveBytes);
    }

    [Fact]
    public void BadScaleOrZeroPoint_IsRefused()
    {
        using Tensor x = _serial.Matrix(new float[4], 2, 2);
        Assert.Throws<ArgumentOutOfRangeException>(() => _serial.QuantizeActivation(x, new CodeGrid(8, true), 0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => _serial.QuantizeActivation(x, new CodeGrid(8, true), float.NaN, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => _serial.QuantizeActivation(x, new CodeGrid(8, true), 1, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => _serial.QuantizeActivation(x, new CodeGrid(4, false), 1, 8));
        Assert.Throws<ArgumentOutOfRangeException>(() => _serial.QuantizeActivation(x, new CodeGrid(1, false), 1, 0));
    }

    /// <summary>The formulas as the contract of <see cref="CodeGrid"/> writes them.</summary>
    internal static (float Scale, int ZeroPoint) Range(double minimum, double maximum, CodeGrid grid)
    {
        if (grid.Symmetric)
        {
            double largest = Math.Max(Math.Abs(minimum), Math.Abs(maximum));
            return (largest == 0 ? 1 : (float)(largest / (Math.Pow(2, grid.Bits - 1) - 1)), 0);
        }

        (minimum, maximum) = (Math.Min(minimum, 0), Math.Max(maximum, 0));
        float scale = maximum == minimum ? 1 : (float)((maximum - minimum) / (Math.Pow(2, grid.Bits) - 1));
        double zeroPoint = Math.Round(-Math.Pow(2, grid.Bits - 1) - (minimum / scale), MidpointRounding.ToEven);
        return (scale, (int)Math.Clamp(zeroPoint, grid.Minimum, grid.Maximum));
    }

    private static sbyte Code(float value, float scale, int zeroPoint, CodeGrid grid) =>
        (sbyte)Math.Clamp(Math.Round((double)(value / scale), MidpointRounding.ToEven) + zeroPoint, grid.Minimum, grid.Maximum);
}
