using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Tensors;
using Xunit;

namespace MambaQuant.Quant.Tests.Kernels.Cpu;

[Trait("Category", "Kernels")]
public sealed class CpuKernelsElementwiseAlgebraTests : IDisposable
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
    [InlineData(17)]
    [InlineData(40000)]
    public void Conversions_WidenExactly_AndRoundToNearestEven(int count)
    {
        double[] values = SeededValues.Doubles(1, count);
        using Tensor wide = _serial.Matrix(values, count);
        using Tensor narrow = _serial.ToSingle(wide);
        using Tensor again = _serial.ToDouble(narrow);
        Assert.Equal(values.Select(v => (float)v), _serial.ToArray<float>(narrow));
        Assert.Equal(values.Select(v => (double)(float)v), _serial.ToArray<double>(again));
    }

    [Fact]
    public void ToSingle_TiesToEven()
    {
        using Tensor wide = _serial.Matrix([1 + Math.Pow(2, -24), 1 + (3 * Math.Pow(2, -24)), double.NaN, double.MaxValue], 4);
        using Tensor narrow = _serial.ToSingle(wide);
        Assert.Equal([1f, 1 + MathF.Pow(2, -22), float.NaN, float.PositiveInfinity], _serial.ToArray<float>(narrow));
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(5, 0)]
    [InlineData(1, 1)]
    [InlineData(33, 65)]
    [InlineData(600, 500)]
    public void Transposing_ExchangesRowsAndColumns(int rows, int columns)
    {
        double[] values = SeededValues.Doubles(2, rows * columns);
        using Tensor matrix = _parallel.Matrix(values, rows, columns);
        using Tensor transposed = _parallel.Transpose(matrix);
        Assert.Equal(new Shape(columns, rows), transposed.Shape);
        double[] result = _parallel.ToArray<double>(transposed);
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
            {
                Assert.Equal(values[(i * columns) + j], result[(j * rows) + i]);
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(31)]
    [InlineData(65)]
    [InlineData(800)]
    public void Mirroring_CopiesTheLowerTriangleOverTheUpper(int n)
    {
        double[] values = SeededValues.Doubles(3, n * n);
        using Tensor matrix = _parallel.Matrix(values, n, n);
        _parallel.MirrorLowerTriangle(matrix);
        double[] result = _parallel.ToArray<double>(matrix);
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
            {
                Assert.Equal(values[(Math.Max(i, j) * n) + Math.Min(i, j)], result[(i * n) + j]);
            }
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 13)]
    [InlineData(700, 600)]
    public void Scaling_MultipliesRowsAndColumns(int rows, int columns)
    {
        double[] values = SeededValues.Doubles(4, rows * columns);
        double[] byRow = SeededValues.Doubles(5, rows);
        double[] byColumn = SeededValues.Doubles(6, columns);
        using Tensor matrix = _parallel.Matrix(values, rows, columns);
        using Tensor rowFactors = _parallel.Matrix(byRow, rows);
        using Tensor columnFactors = _parallel.Matrix(byColumn, columns);
        _parallel.ScaleRows(matrix, rowFactors);
        _parallel.ScaleColumns(matrix, columnFactors);
        Assert.Equal(
            values.Select((v, i) => v * byRow[i / columns] * byColumn[i % columns]),
            _parallel.ToArray<double>(matrix));
    }

    [Fact]
    public void Scaling_TakesAVector()
    {
        using Tensor vector = _serial.Matrix([1.0, 2, 3], 3);
        using Tensor factors = _serial.Matrix([2.0, 3, 4], 3);
        _serial.ScaleRows(vector, factors);
        Assert.Equal([2.0, 6, 12], _serial.ToArray<double>(vector));
        Assert.Throws<ArgumentException>(() => _serial.ScaleColumns(vector, factors));
    }

    [Theory]
    [InlineData(0, 3)]
    [InlineData(1, 1)]
    [InlineData(5, 257)]
    [InlineData(1000, 300)]
    public void ColumnMaximum_IsTheLargestMagnitude(int rows, int columns)
    {
        float[] values = SeededValues.Singles(7, rows * columns);
        using Tensor matrix = _parallel.Matrix(values, rows, columns);
        using Tensor maximum = _parallel.ColumnAbsoluteMaximum(matrix);
        using Tensor wide = _parallel.ToDouble(matrix);
        using Tensor wideMaximum = _parallel.ColumnAbsoluteMaximum(wide);
        float[] expected = new float[columns];
        for (int i = 0; i < values.Length; i++)
        {
            expected[i % columns] = Math.Max(expected[i % columns], Math.Abs(values[i]));
        }

        Assert.Equal(expected, _parallel.ToArray<float>(maximum));
        Assert.Equal(expected.Select(v => (double)v), _parallel.ToArray<double>(wideMaximum));
    }

    [Fact]
    public void ColumnMaximum_KeepsNaN()
    {
        using Tensor matrix = _serial.Matrix([1f, float.NaN, 3, 4, 5, -6], 3, 2);
        using Tensor maximum = _serial.ColumnAbsoluteMaximum(matrix);
        Assert.Equal([5f, float.NaN], _serial.ToArray<float>(maximum));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(511)]
    [InlineData(513)]
    [InlineData(300_001)]
    public void SquaredDistance_SumsInDouble_AndDoesNotDependOnThreads(int count)
    {
        float[] a = SeededValues.Singles(8, count);
        float[] b = SeededValues.Singles(9, count);
        using Tensor left = _serial.Matrix(a, count);
        using Tensor right = _serial.Matrix(b, count);
        using Tensor wideLeft = _serial.ToDouble(left);
        using Tensor wideRight = _serial.ToDouble(right);
        double expected = a.Zip(b).Sum(pair => Math.Pow((double)pair.First - pair.Second, 2));
        double distance = _serial.SquaredDistance(left, right);
        // The plain sum of the reference loses more than the kernel; measured between them: 7.8e-14.
        Assert.InRange(distance - expected, -8e-13 * expected, 8e-13 * expected);
        Assert.Equal(distance, _serial.SquaredDistance(wideLeft, wideRight));
        using Tensor otherLeft = _parallel.Matrix(a, count);
        using Tensor otherRight = _parallel.Matrix(b, count);
        Assert.Equal(distance, _parallel.SquaredDistance(otherLeft, otherRight));
        double norm = a.Sum(v => (double)v * v);
        Assert.InRange(_serial.SquaredNorm(left) - norm, -8e-13 * norm, 8e-13 * norm);
    }

    [Fact]
    public void SquaredDistance_OfDifferentSizesOrDtypes_IsRefused()
    {
        using Tensor single = _serial.Allocate(DType.F32, new Shape(3));
        using Tensor wide = _serial.Allocate(DType.F64, new Shape(3));
        using Tensor longer = _serial.Allocate(DType.F32, new Shape(4));
        Assert.Throws<ArgumentException>(() => _serial.SquaredDistance(single, wide));
        Assert.Throws<ArgumentException>(() => _serial.SquaredDistance(single, longer));
    }
}
