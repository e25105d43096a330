using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Tensors;
using Xunit;

namespace MambaQuant.Quant.Tests.Kernels.Cpu;

[Trait("Category", "Kernels")]
public sealed class CpuKernelsEigenTests : IDisposable
{
    // ||A V − V Λ|| / ||A|| and the largest entry of |Vᵀ V − I|; measured maxima over the cases here and all tiers: 3.7e-15 and
    // 6.0e-15 (at order 2560: 7.5e-15 and 2.5e-14).
    private const double LargestResidual = 4e-14;
    private const double LargestDeparture = 5e-14;

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
    [InlineData(3)]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(65)]
    [InlineData(160)]
    public void Eigenpairs_OfRandomMatrices_DiagonaliseThem(int n) => AssertDiagonalises(_serial, Symmetric(SeededValues.Doubles(n, n * n), n), n);

    [Fact]
    public void Eigenpairs_OfGradedCovariance_KeepSmallEigenvalues()
    {
        // Variances over twelve decades along random directions, like an activation covariance with outlier channels.
        const int N = 96;
        double[] spectrum = [.. Enumerable.Range(0, N).Select(i => Math.Pow(10, -12.0 * i / (N - 1)))];
        double[] matrix = WithSpectrum(spectrum, N, seed: 5);
        (double[] values, _) = AssertDiagonalises(_serial, matrix, N);
        for (int i = 0; i < N; i++)
        {
            // An absolute error of a few roundings of the largest eigenvalue is all that the matrix itself defines; measured 1.1e-15.
            Assert.InRange(values[N - 1 - i] - spectrum[i], -1e-14, 1e-14);
        }
    }

    [Fact]
    public void Eigenpairs_OfRankDeficientMatrix_HaveZerosAndAnOrthonormalBasis()
    {
        const int N = 80;
        double[] spectrum = [.. Enumerable.Range(0, N).Select(i => i < 7 ? i + 1.0 : 0)];
        (double[] values, _) = AssertDiagonalises(_serial, WithSpectrum(spectrum, N, seed: 6), N);
        Assert.All(values[..(N - 7)], value => Assert.InRange(value, -1e-13, 1e-13));
        Assert.Equal(7, values[^1], 12);
    }

    [Theory]
    [InlineData(1e-300)]
    [InlineData(1.0)]
    [InlineData(1e300)]
    public void Eigenpairs_ScaleWithTheMatrix(double scale)
    {
        const int N = 24;
        double[] matrix = Symmetric(SeededValues.Doubles(7, N * N), N);
        double power = Math.ScaleB(1, Math.ILogB(scale));
        using Tensor plain = _serial.Matrix(matrix, N, N);
        using Tensor scaled = _serial.Matrix([.. matrix.Select(v => v * power)], N, N);
        (Tensor values, Tensor vectors) = _serial.SymmetricEigen(plain);
        (Tensor scaledValues, Tensor scaledVectors) = _serial.SymmetricEigen(scaled);
        Assert.Equal(_serial.ToArray<double>(values).Select(v => v * power), _serial.ToArray<double>(scaledValues));
        Assert.Equal(_serial.ToArray<double>(vectors), _serial.ToArray<double>(scaledVectors));
        Dispose(values, vectors, scaledValues, scaledVectors);
    }

    [Fact]
    public void Eigenpairs_OfDiagonalMatrix_AreSortedUnitVectors()
    {
        double[] matrix = [3, 0, 0, 0, -1, 0, 0, 0, 2];
        using Tensor tensor = _serial.Matrix(matrix, 3, 3);
        (Tensor values, Tensor vectors) = _serial.SymmetricEigen(tensor);
        Assert.Equal([-1.0, 2, 3], _serial.ToArray<double>(values));
        Assert.Equal([0.0, 0, 1, 1, 0, 0, 0, 1, 0], _serial.ToArray<double>(vectors));
        Dispose(values, vectors);
    }

    [Fact]
    public void Eigenpairs_ReadOnlyTheLowerTriangle_AndLeaveTheMatrixAlone()
    {
        const int N = 40;
        double[] full = Symmetric(SeededValues.Doubles(8, N * N), N);
        double[] lower = [.. full];
        for (int i = 0; i < N; i++)
        {
            lower.AsSpan((i * N) + i + 1, N - i - 1).Fill(double.NaN);
        }

        using Tensor first = _serial.Matrix(full, N, N);
        using Tensor second = _serial.Matrix(lower, N, N);
        (Tensor values, Tensor vectors) = _serial.SymmetricEigen(first);
        (Tensor otherValues, Tensor otherVectors) = _serial.SymmetricEigen(second);
        Assert.Equal(_serial.ToArray<double>(values), _serial.ToArray<double>(otherValues));
        Assert.Equal(_serial.ToArray<double>(vectors), _serial.ToArray<double>(otherVectors));
        Assert.Equal(lower, _serial.ToArray<double>(second));
        Dispose(values, vectors, otherValues, otherVectors);
    }

    [Fact]
    public void Eigenpairs_HaveTheSameBitsForAnyNumberOfThreads()
    {
        const int N = 300;
        double[] matrix = Symmetric(SeededValues.Doubles(9, N * N), N);
        (double[] values, double[] vectors) = Solve(_serial, matrix, N);
        (double[] otherValues, double[] otherVectors) = Solve(_parallel, matrix, N);
        Assert.Equal(values, otherValues);
        Assert.Equal(vectors, otherVectors);
    }

    [Fact]
    public void NonFiniteMatrix_IsRefusedWithItsPlace()
    {
        double[] matrix = new double[9];
        matrix[7] = double.NaN;
        using Tensor tensor = _serial.Matrix(matrix, 3, 3);
        long live = _serial.LiveBytes;
        Assert.Contains("row 2, column 1", Assert.Throws<NumericalException>(() => _serial.SymmetricEigen(tensor)).Message, StringComparison.Ordinal);
        Assert.Equal(live, _serial.LiveBytes);
    }

    [Fact]
    public void NativeLibrary_AgreesWithTheManagedSolver()
    {
        const int N = 70;
        CpuKernels native;
        try
        {
            native = new CpuKernels(new CpuKernelsOptions { LinearAlgebraLibrary = LinearAlgebraLibrary.Native });
        }
        catch (DllNotFoundException exception)
        {
            Assert.Contains("OpenBLAS", exception.Message, StringComparison.Ordinal);
            return;
        }

        using (native)
        {
            double[] matrix = Symmetric(SeededValues.Doubles(10, N * N), N);
            (double[] values, double[] vectors) = AssertDiagonalises(native, matrix, N);
            (double[] expectedValues, double[] expectedVectors) = Solve(_serial, matrix, N);
            Assert.All(values.Zip(expectedValues), pair => Assert.Equal(pair.Second, pair.First, 12));
            Assert.All(vectors.Zip(expectedVectors), pair => Assert.Equal(pair.Second, pair.First, 10));
        }
    }

    private static (double[] Values, double[] Vectors) AssertDiagonalises(CpuKernels kernels, double[] matrix, int n)
    {
        (double[] values, double[] vectors) = Solve(kernels, matrix, n);
        double residual = 0;
        double norm = matrix.Sum(v => v * v);
        for (int k = 0; k < n; k++)
        {
            Assert.True(k == 0 || values[k - 1] <= values[k], "eigenvalues must ascend");
            double largest = 0;
            for (int i = 0; i < n; i++)
            {
                double sum = 0;
                double dot = 0;
                for (int j = 0; j < n; j++)
                {
                    sum += matrix[(i * n) + j] * vectors[(j * n) + k];
                    dot += vectors[(j * n) + i] * vectors[(j * n) + k];
                }

                residual += Math.Pow(sum - (values[k] * vectors[(i * n) + k]), 2);
                Assert.InRange(dot - (i == k ? 1 : 0), -LargestDeparture, LargestDeparture);
                double entry = vectors[(i * n) + k];
                largest = Math.Abs(entry) > Math.Abs(largest) ? entry : largest;
            }

            Assert.True(largest > 0, "the entry of largest magnitude must be positive");
        }

        Assert.InRange(Math.Sqrt(residual), 0, LargestResidual * Math.Sqrt(norm));
        return (values, vectors);
    }

    private static (double[] Values, double[] Vectors) Solve(CpuKernels kernels, double[] matrix, int n)
    {
        using Tensor tensor = kernels.Matrix(matrix, n, n);
        long live = kernels.LiveBytes;
        (Tensor values, Tensor vectors) = kernels.SymmetricEigen(tensor);
        (double[], double[]) result = (kernels.ToArray<double>(values), kernels.ToArray<double>(vectors));
        Dispose(values, vectors);
        Assert.Equal(live, kernels.LiveBytes);
        return result;
    }

    private static double[] Symmetric(double[] values, int n)
    {
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < i; j++)
            {
                values[(j * n) + i] = values[(i * n) + j];
            }
        }

        return values;
    }

    /// <summary>Q diag(spectrum) Qᵀ with Q a product of random reflectors.</summary>
    private static double[] WithSpectrum(double[] spectrum, int n, int seed)
    {
        double[] matrix = new double[n * n];
        for (int i = 0; i < n; i++)
        {
            matrix[(i * n) + i] = spectrum[i];
        }

        for (int r = 0; r < 4; r++)
        {
            double[] v = SeededValues.Doubles(seed + r, n);
            double norm = v.Sum(x => x * x);
            Reflect(matrix, v, norm, n, rowStride: n, columnStride: 1);
            Reflect(matrix, v, norm, n, rowStride: 1, columnStride: n);
        }

        return Symmetric(matrix, n);
    }

    private static void Reflect(double[] matrix, double[] v, double norm, int n, int rowStride, int columnStride)
    {
        for (int i = 0; i < n; i++)
        {
            double dot = 0;
            for (int j = 0; j < n; j++)
            {
                dot += matrix[(i * rowStride) + (j * columnStride)] * v[j];
            }

            for (int j = 0; j < n; j++)
            {
                matrix[(i * rowStride) + (j * columnStride)] -= 2 * dot / norm * v[j];
            }
        }
    }

    private static void Dispose(params Tensor[] tensors)
    {
        foreach (Tensor tensor in tensors)
        {
            tensor.Dispose();
        }
    }
}
