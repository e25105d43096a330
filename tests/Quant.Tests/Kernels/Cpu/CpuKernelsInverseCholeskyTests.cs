using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Tensors;
using Xunit;

namespace MambaQuant.Quant.Tests.Kernels.Cpu;

[Trait("Category", "Kernels")]
public sealed class CpuKernelsInverseCholeskyTests : IDisposable
{
    private readonly CpuKernels _serial = new(new CpuKernelsOptions { Threads = 1 });
    private readonly CpuKernels _parallel = new(new CpuKernelsOptions { Threads = 3 });

    public void Dispose()
    {
        _serial.Dispose();
        _parallel.Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(129)]
    [InlineData(300)]
    [InlineData(650)]
    public void Factor_TimesItsTranspose_IsTheInverse(int n)
    {
        double[] matrix = Damped(SecondMoment(n, 2 * n, seed: n), n, 0.01);
        using Tensor tensor = _serial.Matrix(matrix, n, n);
        using Tensor upper = _serial.InverseCholeskyUpper(tensor);
        using Tensor inverse = _serial.Multiply(upper, upper, transposeA: true, transposeB: false);
        using Tensor identity = _serial.Multiply(inverse, tensor, false, false);
        double[] product = _serial.ToArray<double>(identity);
        double[] factor = _serial.ToArray<double>(upper);
        for (int i = 0; i < n; i++)
        {
            Assert.True(factor[(i * n) + i] > 0);
            for (int j = 0; j < n; j++)
            {
                // Measured maximum over the cases and tiers: 4.4e-15.
                Assert.InRange(product[(i * n) + j] - (i == j ? 1 : 0), -5e-14, 5e-14);
                Assert.True(j >= i || factor[(i * n) + j] == 0, "below the diagonal all is zero");
            }
        }
    }

    [Fact]
    public void Factor_OfASmallMatrix_IsKnown()
    {
        // M = [[5, 2], [2, 1]], M⁻¹ = [[1, −2], [−2, 5]] = Uᵀ U with U = [[1, −2], [0, 1]].
        using Tensor tensor = _serial.Matrix([5.0, double.NaN, 2, 1], 2, 2);
        using Tensor upper = _serial.InverseCholeskyUpper(tensor);
        Assert.Equal([1.0, -2, 0, 1], _serial.ToArray<double>(upper));
    }

    [Fact]
    public void Factor_HasTheSameBitsForAnyNumberOfThreads()
    {
        const int N = 400;
        double[] matrix = Damped(SecondMoment(N, N, seed: 3), N, 0.01);
        using Tensor first = _serial.Matrix(matrix, N, N);
        using Tensor second = _parallel.Matrix(matrix, N, N);
        using Tensor one = _serial.InverseCholeskyUpper(first);
        using Tensor three = _parallel.InverseCholeskyUpper(second);
        Assert.Equal(_serial.ToArray<double>(one), _parallel.ToArray<double>(three));
        Assert.Equal(matrix, _serial.ToArray<double>(first));
    }

    [Fact]
    public void IndefiniteMatrix_IsRefusedWithItsPivot()
    {
        const int N = 200;
        double[] matrix = Damped(new double[N * N], N, 0);
        matrix[(5 * N) + 5] = -3;
        using Tensor tensor = _serial.Matrix(matrix, N, N);
        long live = _serial.LiveBytes;
        string message = Assert.Throws<NumericalException>(() => _serial.InverseCholeskyUpper(tensor)).Message;
        Assert.Contains("pivot 5 is -3", message, StringComparison.Ordinal);
        Assert.Equal(live, _serial.LiveBytes);
    }

    [Fact]
    public void NonFiniteMatrix_IsRefused()
    {
        using Tensor tensor = _serial.Matrix([1.0, 0, double.NaN, 1], 2, 2);
        Assert.Contains("not finite", Assert.Throws<NumericalException>(() => _serial.InverseCholeskyUpper(tensor)).Message, StringComparison.Ordinal);
    }

    private double[] SecondMoment(int n, int samples, int seed)
    {
        using Tensor x = _serial.Matrix(SeededValues.Doubles(seed, samples * n), samples, n);
        using Tensor moment = _serial.Multiply(x, x, transposeA: true, transposeB: false);
        return _serial.ToArray<double>(moment);
    }

    private static double[] Damped(double[] matrix, int n, double share)
    {
        double mean = Enumerable.Range(0, n).Sum(i => matrix[(i * n) + i]) / Math.Max(n, 1);
        for (int i = 0; i < n; i++)
        {
            matrix[(i * n) + i] += mean == 0 ? 1 : share * mean;
        }

        return matrix;
    }
}
