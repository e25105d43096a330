using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Rotations;

public sealed class KltRotationTests : IDisposable
{
    private readonly CpuKernels _kernels = new();

    public static TheoryData<int, int> WidthsAndSeeds
    {
        get
        {
            var data = new TheoryData<int, int>();
            foreach (int width in (int[])[1, 2, 4, 12, 16, 20, 28, 36, 48, 64])
            {
                data.Add(width, width);
                data.Add(width, width + 1000);
            }

            return data;
        }
    }

    public void Dispose() => _kernels.Dispose();

    [Theory]
    [MemberData(nameof(WidthsAndSeeds))]
    public void RotatedVariances_AreAllTheMeanEigenvalue(int width, int seed)
    {
        SecondMoment moment = RandomTransforms.DrawMoment(new Random(seed), width);
        foreach (bool centered in (bool[])[true, false])
        {
            double[] covariance = moment.Covariance(centered);
            double mean = Enumerable.Range(0, width).Sum(i => covariance[(i * width) + i]) / width;
            double[] t = Dense(KltRotation.Compute(_kernels, RotationSite.ResidualStream, moment, centered));
            double[] rotated = Product(Product(t, covariance, width, transposed: true), t, width, transposed: false);
            double largest = covariance.Max(Math.Abs);
            for (int i = 0; i < width; i++)
            {
                // Measured: at most 5.6e-15 of the mean.
                Assert.InRange(rotated[(i * width) + i], mean - (1e-10 * mean) - (1e-14 * largest), mean + (1e-10 * mean) + (1e-14 * largest));
            }
        }
    }

    [Theory]
    [MemberData(nameof(WidthsAndSeeds))]
    public void Rotation_IsOrthogonalWhateverTheRank(int width, int seed)
    {
        SecondMoment full = RandomTransforms.DrawMoment(new Random(seed), width);
        SecondMoment zero = new(5, new double[width], new double[SecondMoment.PackedLength(width)]);
        SecondMoment oneToken = OneToken(width, seed);
        foreach (SecondMoment moment in (SecondMoment[])[full, zero, oneToken])
        {
            double[] t = Dense(KltRotation.Compute(_kernels, RotationSite.TimeStepRank, moment, centered: false));
            double[] identity = Product(t, t, width, transposed: true);
            for (int i = 0; i < identity.Length; i++)
            {
                // Measured: at most 1.6e-15.
                Assert.Equal(i / width == i % width ? 1 : 0, identity[i], 1e-12);
            }
        }
    }

    [Fact]
    public void HadamardAlone_LeavesVariancesUnequal()
    {
        // The reason for K: the same covariance after H alone.
        const int Width = 12;
        double[] covariance = RandomTransforms.DrawMoment(new Random(3), Width).Covariance(centered: true);
        double[] t = Dense(Rotation.Hadamard(RotationSite.ResidualStream, Width));
        double[] rotated = Product(Product(t, covariance, Width, transposed: true), t, Width, transposed: false);
        double[] variances = [.. Enumerable.Range(0, Width).Select(i => rotated[(i * Width) + i])];
        Assert.True(variances.Max() > 1.2 * variances.Min());
    }

    [Fact]
    public void WidthWithoutHadamardMatrix_IsNamedWithItsSite()
    {
        UnsupportedSiteException error = Assert.Throws<UnsupportedSiteException>(
            () => KltRotation.Compute(_kernels, RotationSite.TimeStepRank, SecondMoment.Empty(18), centered: true));
        Assert.Contains("TimeStepRank", error.Message, StringComparison.Ordinal);
        Assert.Contains("18", error.Message, StringComparison.Ordinal);
        Assert.Contains("16 and 20", error.Message, StringComparison.Ordinal);
        Assert.Throws<UnsupportedSiteException>(() => Rotation.Hadamard(RotationSite.ScanState, 7));
    }

    [Fact]
    public void NoTokens_AreRefused() => Assert.Throws<InvalidOperationException>(
        () => KltRotation.Compute(_kernels, RotationSite.TimeStepRank, SecondMoment.Empty(4), centered: true));

    private static SecondMoment OneToken(int width, int seed)
    {
        var random = new Random(seed);
        double[] row = [.. Enumerable.Range(0, width).Select(_ => random.NextDouble() - 0.5)];
        double[] packed = [.. Enumerable.Range(0, width).SelectMany(i => Enumerable.Range(0, i + 1).Select(j => row[i] * row[j]))];
        return new SecondMoment(1, row, packed);
    }

    private static double[] Product(double[] a, double[] b, int n, bool transposed)
    {
        double[] product = new double[n * n];
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
            {
                for (int q = 0; q < n; q++)
                {
                    product[(i * n) + j] += (transposed ? a[(q * n) + i] : a[(i * n) + q]) * b[(q * n) + j];
                }
            }
        }

        return product;
    }

    private double[] Dense(Rotation rotation)
    {
        using Tensor dense = rotation.Dense(_kernels);
        double[] values = new double[dense.Shape.ElementCount];
        _kernels.Download(dense, values.AsSpan());
        return values;
    }
}
