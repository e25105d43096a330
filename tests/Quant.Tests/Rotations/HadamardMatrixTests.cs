using System.Numerics;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Tensors;
using Xunit;

namespace MambaQuant.Quant.Tests.Rotations;

public sealed class HadamardMatrixTests
{
    /// <summary>Orders below 513 that are multiples of 4 and that neither of Paley's constructions reaches with powers of two.</summary>
    private static readonly int[] Missing =
    [
        92, 116, 156, 172, 184, 188, 232, 236, 260, 268, 292, 324, 356, 372, 376, 404, 412, 428, 436, 452, 472, 476, 508,
    ];

    [Theory]
    [InlineData(768, 12, 64)]
    [InlineData(1024, 1, 1024)]
    [InlineData(1536, 12, 128)]
    [InlineData(2048, 1, 2048)]
    [InlineData(2560, 20, 128)]
    [InlineData(3072, 12, 256)]
    [InlineData(4096, 1, 4096)]
    [InlineData(5120, 20, 256)]
    [InlineData(16, 1, 16)]
    [InlineData(48, 12, 4)]
    [InlineData(64, 1, 64)]
    [InlineData(96, 12, 8)]
    [InlineData(128, 1, 128)]
    [InlineData(160, 20, 8)]
    [InlineData(1, 1, 1)]
    [InlineData(2, 1, 2)]
    [InlineData(4, 1, 4)]
    [InlineData(8, 1, 8)]
    [InlineData(12, 12, 1)]
    [InlineData(20, 20, 1)]
    [InlineData(28, 28, 1)]
    [InlineData(36, 36, 1)]
    [InlineData(40, 20, 2)]
    [InlineData(52, 52, 1)]
    [InlineData(100, 100, 1)]
    [InlineData(144, 36, 4)]
    [InlineData(184 * 2, 368, 1)]
    public void Factorization_TakesTheSmallestBase(int order, int baseOrder, int power)
    {
        Assert.True(HadamardMatrix.TryFactor(order, out HadamardFactorization found));
        Assert.Equal(new HadamardFactorization(baseOrder, power), found);
        Assert.Equal(order, found.Order);
        Assert.Equal(found, HadamardMatrix.Factor(order));
    }

    [Fact]
    public void MultiplesOfFour_AreSupportedExceptTheKnownOnes()
    {
        int[] unsupported = [.. Enumerable.Range(1, 128).Select(i => 4 * i).Where(order => !HadamardMatrix.IsSupported(order))];
        Assert.Equal(Missing, unsupported);
        int[] others = [.. Enumerable.Range(-8, 520).Where(order => order % 4 != 0 && HadamardMatrix.IsSupported(order))];
        Assert.Equal([1, 2], others);
    }

    [Fact]
    public void EverySupportedOrder_HasOrthogonalRowsInIntegers()
    {
        for (int order = 1; order <= 512; order++)
        {
            if (HadamardMatrix.IsSupported(order))
            {
                AssertOrthogonal(SignsOf(HadamardMatrix.Dense(order), order), order);
            }
        }
    }

    [Theory]
    [InlineData(12)]
    [InlineData(20)]
    [InlineData(28)]
    [InlineData(36)]
    [InlineData(52)]
    [InlineData(100)]
    [InlineData(244)]
    [InlineData(252)]
    [InlineData(344)]
    [InlineData(1332)]
    public void Base_IsAHadamardMatrixInIntegers(int baseOrder)
    {
        sbyte[] signs = HadamardMatrix.BaseSigns(baseOrder);
        Assert.Equal(baseOrder * baseOrder, signs.Length);
        AssertOrthogonal(signs, baseOrder);
    }

    [Theory]
    [InlineData(768)]
    [InlineData(1536)]
    [InlineData(2560)]
    public void PublishedWidths_AreHadamardMatricesInIntegers(int order) =>
        AssertOrthogonal(SignsOf(HadamardMatrix.Dense(order), order), order);

    [Theory]
    [InlineData(48)]
    [InlineData(96)]
    [InlineData(112)]
    [InlineData(160)]
    [InlineData(208)]
    public void Dense_IsTheKroneckerProductOfItsFactors(int order)
    {
        HadamardFactorization factors = HadamardMatrix.Factor(order);
        sbyte[] left = HadamardMatrix.BaseSigns(factors.BaseOrder);
        int[,] right = Sylvester(factors.PowerOfTwo);
        double[] product = HadamardMatrix.Dense(order);
        double entry = 1 / Math.Sqrt(order);
        for (int i = 0; i < order; i++)
        {
            for (int j = 0; j < order; j++)
            {
                int power = factors.PowerOfTwo;
                int sign = left[(i / power * factors.BaseOrder) + (j / power)] * right[i % power, j % power];
                Assert.Equal(sign * entry, product[(i * order) + j]);
            }
        }
    }

    [Fact]
    public void Dense_EqualisesVariancesOfADiagonalCovariance()
    {
        // diag(H^T L H) is the mean of L at every place: what makes K H equalise channel variances.
        const int Order = 60;
        double[] h = HadamardMatrix.Dense(Order);
        for (int column = 0; column < Order; column++)
        {
            double variance = 0;
            for (int row = 0; row < Order; row++)
            {
                variance += (row + 1) * h[(row * Order) + column] * h[(row * Order) + column];
            }

            // Largest measured difference: 3.6e-15 of 30.5.
            Assert.Equal((Order + 1) / 2.0, variance, 1e-12);
        }
    }

    [Theory]
    [InlineData(92, "88 and 96")]
    [InlineData(6, "4 and 8")]
    [InlineData(3, "2 and 4")]
    [InlineData(0, "order is 1")]
    [InlineData(-7, "order is 1")]
    [InlineData(int.MaxValue, "order is 2147483640")]
    public void UnsupportedOrder_IsRefusedWithItsNeighbours(int order, string neighbours)
    {
        Assert.False(HadamardMatrix.TryFactor(order, out HadamardFactorization none));
        Assert.Equal(default, none);
        ArgumentException error = Assert.Throws<ArgumentException>(() => HadamardMatrix.Dense(order));
        Assert.Equal("order", error.ParamName);
        Assert.Contains($"order {order}:", error.Message, StringComparison.Ordinal);
        Assert.Contains(neighbours, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(92)]
    [InlineData(40)]
    public void Base_OfAnotherOrderIsRefused(int baseOrder)
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => HadamardMatrix.BaseSigns(baseOrder));
        Assert.Contains($"{baseOrder}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OrderBeyondAnArray_IsAnOverflow() => Assert.Throws<OverflowException>(() => HadamardMatrix.Dense(65536));

    [Theory]
    [InlineData(1, 1)]
    [InlineData(64, 1)]
    [InlineData(28, 28)]
    [InlineData(160, 20)]
    [InlineData(208, 52)]
    public void Transform_TurnsTheIdentityIntoTheDenseMatrix(int order, int baseOrder)
    {
        using var kernels = new CpuKernels();
        using HadamardTransform transform = HadamardMatrix.Transform(kernels, order);
        Assert.Equal((baseOrder, order), (transform.BaseOrder, transform.Order));
        double[] values = new double[order * order];
        for (int i = 0; i < order; i++)
        {
            values[(i * order) + i] = 1;
        }

        using Tensor rows = kernels.Upload<double>(values, new Shape(order, order));
        kernels.WalshHadamard(rows, transform);
        kernels.Download(rows, values.AsSpan());
        double[] dense = HadamardMatrix.Dense(order);
        double largest = values.Zip(dense, (found, expected) => Math.Abs(found - expected)).Max();

        // Largest measured difference: 0; the tolerance leaves room for another order of the roundings.
        Assert.InRange(largest, 0, 1e-15);
    }

    private static int[,] Sylvester(int order)
    {
        int[,] matrix = new int[order, order];
        matrix[0, 0] = 1;
        for (int half = 1; half < order; half *= 2)
        {
            for (int i = 0; i < half; i++)
            {
                for (int j = 0; j < half; j++)
                {
                    matrix[i, j + half] = matrix[i + half, j] = matrix[i, j];
                    matrix[i + half, j + half] = -matrix[i, j];
                }
            }
        }

        return matrix;
    }

    private static sbyte[] SignsOf(double[] dense, int order)
    {
        Assert.Equal(order * order, dense.Length);
        double entry = 1 / Math.Sqrt(order);
        return Array.ConvertAll(dense, value => value == entry ? (sbyte)1 : value == -entry ? (sbyte)-1 : (sbyte)0);
    }

    // Rows as bit strings: the product of two rows of signs is the order less twice the number of places where they differ.
    private static void AssertOrthogonal(sbyte[] signs, int order)
    {
        int words = (order + 63) / 64;
        ulong[] bits = new ulong[order * words];
        for (int row = 0; row < order; row++)
        {
            for (int column = 0; column < order; column++)
            {
                sbyte sign = signs[(row * order) + column];
                if (sign is not (1 or -1))
                {
                    Assert.Fail($"order {order}: entry ({row}, {column}) is {sign}");
                }

                bits[(row * words) + (column / 64)] |= (sign > 0 ? 0UL : 1UL) << (column % 64);
            }
        }

        for (int first = 0; first < order; first++)
        {
            for (int second = 0; second < first; second++)
            {
                int differing = 0;
                for (int word = 0; word < words; word++)
                {
                    differing += BitOperations.PopCount(bits[(first * words) + word] ^ bits[(second * words) + word]);
                }

                if (2 * differing != order)
                {
                    Assert.Fail($"order {order}: rows {first} and {second} have the product {order - (2 * differing)}");
                }
            }
        }
    }
}
