using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Tensors;
using Xunit;

namespace MambaQuant.Quant.Tests.Kernels.Cpu;

[Trait("Category", "Kernels")]
public sealed class CpuKernelsProductTests : IDisposable
{
    // Measured maximum over all cases and tiers: 4.1e-16 of Σ |a||b|.
    private const double RelativeToMagnitudes = 4e-15;

    private readonly CpuKernels _serial = new(new CpuKernelsOptions { Threads = 1 });
    private readonly CpuKernels _parallel = new(new CpuKernelsOptions { Threads = 3 });

    public void Dispose()
    {
        _serial.Dispose();
        _parallel.Dispose();
    }

    [Theory]
    [InlineData(0, 3, 2)]
    [InlineData(2, 0, 3)]
    [InlineData(3, 2, 0)]
    [InlineData(1, 1, 1)]
    [InlineData(7, 191, 23)]
    [InlineData(8, 192, 24)]
    [InlineData(9, 193, 25)]
    [InlineData(95, 5, 191)]
    [InlineData(97, 400, 193)]
    public void Product_EqualsTheSumOverTheInnerExtent(int m, int k, int n)
    {
        double[] a = SeededValues.Doubles(1, m * k);
        double[] b = SeededValues.Doubles(2, k * n);
        foreach ((bool transposeA, bool transposeB) in new[] { (false, false), (true, false), (false, true), (true, true) })
        {
            using Tensor left = transposeA ? _serial.Matrix(Transposed(a, m, k), k, m) : _serial.Matrix(a, m, k);
            using Tensor right = transposeB ? _serial.Matrix(Transposed(b, k, n), n, k) : _serial.Matrix(b, k, n);
            using Tensor product = _serial.Multiply(left, right, transposeA, transposeB);
            Assert.Equal(new Shape(m, n), product.Shape);
            AssertIsProduct(_serial.ToArray<double>(product), a, b, m, k, n);
        }
    }

    [Fact]
    public void Product_HasTheSameBitsTransposedOrNot_AndForAnyNumberOfThreads()
    {
        const int M = 203, K = 397, N = 211;
        double[] a = SeededValues.Doubles(3, M * K);
        double[] b = SeededValues.Doubles(4, K * N);
        using Tensor left = _serial.Matrix(a, M, K);
        using Tensor leftTransposed = _parallel.Matrix(Transposed(a, M, K), K, M);
        using Tensor right = _serial.Matrix(b, K, N);
        using Tensor rightTransposed = _parallel.Matrix(Transposed(b, K, N), N, K);
        using Tensor plain = _serial.Multiply(left, right, false, false);
        using Tensor transposed = _parallel.Multiply(leftTransposed, rightTransposed, true, true);
        Assert.Equal(_serial.ToArray<double>(plain), _parallel.ToArray<double>(transposed));
    }

    [Fact]
    public void Product_OfARow_IsTheSameWhateverTheOtherRows()
    {
        const int M = 130, K = 250, N = 77;
        using Tensor a = _serial.Matrix(SeededValues.Doubles(5, M * K), M, K);
        using Tensor b = _serial.Matrix(SeededValues.Doubles(6, K * N), K, N);
        using Tensor all = _serial.Multiply(a, b, false, false);
        double[] expected = _serial.ToArray<double>(all);
        for (int row = 0; row < M; row += 43)
        {
            using Tensor single = _serial.Rows(a, row, 1);
            using Tensor product = _serial.Multiply(single, b, false, false);
            Assert.Equal(expected.AsSpan(row * N, N).ToArray(), _serial.ToArray<double>(product));
        }
    }

    [Fact]
    public void Product_OfMismatchedMatrices_NamesBoth()
    {
        using Tensor a = _serial.Allocate(DType.F64, new Shape(2, 3));
        using Tensor single = _serial.Allocate(DType.F32, new Shape(3, 2));
        string message = Assert.Throws<ArgumentException>(() => _serial.Multiply(a, a, false, false)).Message;
        Assert.Contains("F64 [2, 3]", message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => _serial.Multiply(a, single, false, false));
    }

    private static double[] Transposed(double[] values, int rows, int columns)
    {
        double[] result = new double[values.Length];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
            {
                result[(j * rows) + i] = values[(i * columns) + j];
            }
        }

        return result;
    }

    private static void AssertIsProduct(double[] product, double[] a, double[] b, int m, int k, int n)
    {
        for (int i = 0; i < m; i++)
        {
            for (int j = 0; j < n; j++)
            {
                double sum = 0;
                double magnitude = 0;
                for (int l = 0; l < k; l++)
                {
                    double term = a[(i * k) + l] * b[(l * n) + j];
                    sum += term;
                    magnitude += Math.Abs(term);
                }

                Assert.InRange(product[(i * n) + j] - sum, -RelativeToMagnitudes * magnitude, RelativeToMagnitudes * magnitude);
            }
        }
    }
}
