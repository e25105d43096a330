using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Tensors;
using Xunit;

namespace MambaQuant.Quant.Tests.Kernels.Cpu.Quantized;

[Trait("Category", "Kernels")]
public sealed class FitWeightScalesTests : IDisposable
{
    private readonly CpuKernels _serial = new(new CpuKernelsOptions { Threads = 1 });
    private readonly CpuKernels _parallel = new(new CpuKernelsOptions { Threads = 3 });

    public static TheoryData<int, int, int> Sizes => new()
    {
        { 1, 1, 1 }, { 3, 15, 15 }, { 3, 16, 5 }, { 2, 17, 16 }, { 4, 600, 600 }, { 4, 600, 128 }, { 5, 40, 0 }, { 90, 300, 128 }, { 70, 200, 0 },
    };

    public void Dispose()
    {
        _serial.Dispose();
        _parallel.Dispose();
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void MinMax_CoversEveryGroup(int outputs, int inputs, int groupSize)
    {
        float[] weight = SeededValues.Singles(1, outputs * inputs);
        foreach (CodeGrid grid in new[] { new CodeGrid(8, true), new CodeGrid(4, false) })
        {
            (float[] scales, int[]? zeroPoints) = Fit(_parallel, weight, outputs, inputs, grid, groupSize, new WeightRange(RangeEstimator.MinMax, 1));
            (float Scale, int ZeroPoint)[] expected =
                [.. Partition(weight, outputs, inputs, groupSize).Select(group => QuantizeActivationTests.Range(group.Min(), group.Max(), grid))];
            Assert.Equal(expected.Select(range => range.Scale), scales);
            Assert.Equal(grid.Symmetric ? null : expected.Select(range => range.ZeroPoint), zeroPoints);
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Percentile_KeepsItsShareOnEachSide(int outputs, int inputs, int groupSize)
    {
        float[] weight = SeededValues.Singles(2, outputs * inputs);
        var grid = new CodeGrid(8, false);
        (float[] scales, int[]? zeroPoints) = Fit(_parallel, weight, outputs, inputs, grid, groupSize, new WeightRange(RangeEstimator.Percentile, 0.9));
        (float Scale, int ZeroPoint)[] expected = [.. Partition(weight, outputs, inputs, groupSize).Select(group =>
        {
            double[] sorted = [.. group.Order()];
            int rank = (int)Math.Ceiling(0.9 * sorted.Length);
            return QuantizeActivationTests.Range(sorted[^rank], sorted[rank - 1], grid);
        })];
        Assert.Equal(expected.Select(range => range.Scale), scales);
        Assert.Equal(expected.Select(range => range.ZeroPoint), zeroPoints!);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void LeastSquaredError_IsTheBestOfTheShrunkRanges(int outputs, int inputs, int groupSize)
    {
        float[] weight = SeededValues.Singles(3, outputs * inputs);
        foreach (CodeGrid grid in new[] { new CodeGrid(4, true), new CodeGrid(3, false), new CodeGrid(8, true) })
        {
            (float[] scales, int[]? zeroPoints) = Fit(_parallel, weight, outputs, inputs, grid, groupSize, new WeightRange(RangeEstimator.MeanSquaredError, 1));
            int index = 0;
            foreach (double[] group in Partition(weight, outputs, inputs, groupSize))
            {
                (double low, double high) = (group.Min(), group.Max());
                (float Scale, int ZeroPoint)[] ranges =
                    [.. Enumerable.Range(0, 65).Select(k => QuantizeActivationTests.Range(low * (80.0 - k) / 80, high * (80.0 - k) / 80, grid))];
                double least = ranges.Min(range => Error(group, range, grid));
                double chosen = Error(group, (scales[index], zeroPoints?[index] ?? 0), grid);

                // Sums of other orders, and ties that a reciprocal may turn: measured: none, the choice is always the same.
                Assert.InRange(chosen, least, least * (1 + 1e-9));
                Assert.True(chosen <= Error(group, ranges[0], grid));
                index++;
            }

            Assert.Equal(scales.Length, index);
        }
    }

    [Fact]
    public void Scales_AreTheSame_ForBothDtypes_AndAnyThreads()
    {
        const int Outputs = 120, Inputs = 300;
        float[] weight = SeededValues.Singles(4, Outputs * Inputs);
        var grid = new CodeGrid(4, false);
        foreach (RangeEstimator estimator in Enum.GetValues<RangeEstimator>())
        {
            foreach (int groupSize in new[] { 0, 64, Inputs })
            {
                var range = new WeightRange(estimator, 0.99);
                (float[] scales, int[]? zeroPoints) = Fit(_parallel, weight, Outputs, Inputs, grid, groupSize, range);
                using Tensor single = _serial.Matrix(weight, Outputs, Inputs);
                using Tensor wide = _serial.ToDouble(single);
                (Tensor otherScales, Tensor? otherZeroPoints) = _serial.FitWeightScales(wide, grid, groupSize, range);
                Assert.Equal(scales, _serial.ToArray<float>(otherScales));
                Assert.Equal(zeroPoints, _serial.ToArray<int>(otherZeroPoints!));
                otherScales.Dispose();
                otherZeroPoints!.Dispose();
            }
        }
    }

    [Fact]
    public void GroupsOfZeros_GetScaleOne()
    {
        foreach (RangeEstimator estimator in Enum.GetValues<RangeEstimator>())
        {
            (float[] scales, _) = Fit(_serial, new float[12], 2, 6, new CodeGrid(4, true), 3, new WeightRange(estimator, 0.99));
            Assert.Equal([1f, 1, 1, 1], scales);
        }
    }

    [Fact]
    public void NonFiniteWeight_IsRefusedWithItsPlace()
    {
        float[] weight = new float[2 * 40];
        weight[40 + 39] = float.NegativeInfinity;
        using Tensor tensor = _serial.Matrix(weight, 2, 40);
        long live = _serial.LiveBytes;
        foreach (int groupSize in new[] { 0, 16, 40 })
        {
            string message = Assert.Throws<NumericalException>(
                () => _serial.FitWeightScales(tensor, new CodeGrid(8, true), groupSize, new WeightRange(RangeEstimator.MinMax, 1))).Message;
            Assert.Contains("row 1, column 39", message, StringComparison.Ordinal);
        }

        Assert.Equal(live, _serial.LiveBytes);
    }

    /// <summary>Weights of every scale, in the order of the scales.</summary>
    internal static IEnumerable<double[]> Partition(float[] weight, int outputs, int inputs, int groupSize)
    {
        if (groupSize == 0)
        {
            yield return [.. weight.Select(v => (double)v)];
            yield break;
        }

        for (int o = 0; o < outputs; o++)
        {
            for (int first = 0; first < inputs; first += groupSize)
            {
                int count = Math.Min(groupSize, inputs - first);
                yield return [.. weight.AsSpan((o * inputs) + first, count).ToArray().Select(v => (double)v)];
            }
        }
    }

    private static double Error(double[] group, (float Scale, int ZeroPoint) range, CodeGrid grid) => group.Sum(value =>
    {
        double code = Math.Clamp(Math.Round(value / range.Scale, MidpointRounding.ToEven) + range.ZeroPoint, grid.Minimum, grid.Maximum);
        return Math.Pow(value - ((code - range.ZeroPoint) * range.Scale), 2);
    });

    private static (float[] Scales, int[]? ZeroPoints) Fit(
        CpuKernels kernels, float[] weight, int outputs, int inputs, CodeGrid grid, int groupSize, WeightRange range)
    {
        using Tensor tensor = kernels.Matrix(weight, outputs, inputs);
        (Tensor scales, Tensor? zeroPoints) = kernels.FitWeightScales(tensor, grid, groupSize, range);
        Shape expected = groupSize == 0 ? new Shape(1, 1) : new Shape(outputs, (inputs + groupSize - 1) / groupSize);
        Assert.Equal(expected, scales.Shape);
        Assert.Equal(grid.Symmetric, zeroPoints is null);
        (float[], int[]?) result = (kernels.ToArray<float>(scales), zeroPoints is null ? null : kernels.ToArray<int>(zeroPoints));
        scales.Dispose();
        zeroPoints?.Dispose();
        return result;
    }
}
