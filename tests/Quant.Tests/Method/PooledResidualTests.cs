using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Method;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Recipes;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Method;

/// <summary>The covariance that the residual stream is rotated by, from the observing stage itself, against its definition in fp64.</summary>
public sealed class PooledResidualTests : IDisposable
{
    private const int SequenceCount = 3, SequenceLength = 700;

    private readonly CpuKernels _kernels = new();
    private readonly TemporaryDirectory _directory = new();

    public void Dispose()
    {
        _kernels.Dispose();
        _directory.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Pool_IsTheCovarianceOfItsDefinition(int seed)
    {
        SyntheticMamba model = Model(seed);
        double[][] rows = [.. NormalizedRows(model, out SecondMoment pooled)];
        int width = model.Config.DModel;

        // Equal weight per token: every sequence passes every layer's norm and the final one, once.
        Assert.Equal(SequenceCount * SequenceLength * (model.Config.LayerCount + 1), rows.Length);
        Assert.Equal(rows.Length, pooled.Count);
        foreach (bool centered in (bool[])[true, false])
        {
            double[] expected = Covariance(rows, width, centered), found = pooled.Covariance(centered);
            double largest = expected.Max(Math.Abs);
            for (int i = 0; i < expected.Length; i++)
            {
                // Measured: at most 1.9e-7 of the largest entry (an fp32 forward pass, fp32 sums over 256 tokens).
                Assert.Equal(expected[i], found[i], 1e-6 * largest);
            }
        }
    }

    [Fact]
    public void OtherReadingsOfThePool_LieFarOff()
    {
        // What the tolerance above must tell apart: a mean per layer, the norm weight left in, the final norm left out.
        SyntheticMamba model = Model(1);
        double[][] rows = [.. NormalizedRows(model, out SecondMoment pooled)];
        int width = model.Config.DModel, perLayer = rows.Length / (model.Config.LayerCount + 1);
        double[] found = pooled.Covariance(centered: true);
        double[][] layers = [.. rows.Chunk(perLayer).Select(layer => Covariance(layer, width, centered: true))];
        double[] ownMeans = [.. Enumerable.Range(0, found.Length).Select(i => layers.Average(layer => layer[i]))];
        float[] weight = model.Write(_directory.Path)["backbone.layers.0.norm.weight"];
        double[] weighted = Covariance([.. rows.Select(row => row.Select((value, i) => value * weight[i]).ToArray())], width, centered: true);
        double[] withoutLast = Covariance(rows[..^perLayer], width, centered: true);
        foreach (double[] other in (double[][])[ownMeans, weighted, withoutLast, pooled.Covariance(centered: false)])
        {
            // Measured: the closest of them at 0.020.
            Assert.True(other.Zip(found, (a, b) => Math.Abs(a - b)).Max() > 5e-3 * found.Max(Math.Abs));
        }
    }

    [Fact]
    public void RotationOfThePool_MakesAllChannelsOfTheStreamEquallyStrong()
    {
        SyntheticMamba model = Model(2);
        double[][] rows = [.. NormalizedRows(model, out SecondMoment pooled)];
        int width = model.Config.DModel;
        using Tensor dense = KltRotation.Compute(_kernels, RotationSite.ResidualStream, pooled, centered: true).Dense(_kernels);
        double[] rotation = _kernels.ToArray<double>(dense);
        double[] variances = Variances(rows, rotation, width, transposed: false), transposed = Variances(rows, rotation, width, transposed: true);
        double mean = variances.Average();

        // x T, not x Tᵀ. Measured: at most 9.1e-8 of the mean off; transposed, the strongest channel at 1.6 of it.
        Assert.All(variances, variance => Assert.Equal(mean, variance, 1e-6 * mean));
        Assert.True(transposed.Max() > 1.3 * mean, $"{transposed.Max() / mean}");
    }

    [Fact]
    public void Pool_IsSummedFromTheFirstLayerToTheLastThenTheFinalNorm()
    {
        // 1e16 swallows a 1, so that each channel's sum tells in which order three values were added.
        double[] first = [1e16, 1, 1e16, -1e16], second = [1, 1e16, -1e16, 1], last = [-1e16, -1e16, 1, 1e16];
        var statistics = new ModelStatistics([Observed(0, first), Observed(1, second)], Observed(2, last));
        double[] expected = [.. first.Zip(second, last).Select(values => values.First + values.Second + values.Third)];
        Assert.Equal([0, 0, 1, 0], expected);
        SecondMoment pooled = statistics.PooledResidual()!;
        Assert.Equal(expected, pooled.Sum);
        Assert.Equal(3, pooled.Count);
        Assert.Equal(3, pooled.Packed[0]);
    }

    private static LayerStatistics Observed(int layer, double[] sum)
    {
        double[] packed = new double[SecondMoment.PackedLength(sum.Length)];
        packed[0] = 1;
        var site = new SiteStatistics(null, new SecondMoment(1, sum, packed), null);
        return new LayerStatistics(layer, [KeyValuePair.Create(ActivationSite.ResidualStream, site)], state: null);
    }

    /// <summary>Three layers, a final norm; so many tokens that no two sequences share a batch and sums are widened in between.</summary>
    private static SyntheticMamba Model(int seed) => RandomMamba.Draw(seed) with
    {
        Config = RandomMamba.Draw(seed).Config with { LayerCount = 3 },
    };

    /// <summary>Every r / rms(r) by the plain reference; and the pool that the observing stage of a recipe with KLT gives.</summary>
    private IEnumerable<double[]> NormalizedRows(SyntheticMamba model, out SecondMoment pooled)
    {
        IReadOnlyDictionary<string, float[]> weights = model.Write(_directory.Path);
        int[][] sequences = [.. Enumerable.Range(0, SequenceCount).Select(i => RandomMamba.Tokens(model.Config, SequenceLength, 100 + i))];
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(_directory.Path);
        var recipe = new Recipe(
            "klt", [new KltRotationModifier(RotationSite.ResidualStream), new QuantizationModifier(QuantizationSchemes.Parse("W4A16"))]);
        var context = new MethodContext(_kernels, checkpoint, recipe);
        pooled = ModelStages.Observe(context, new CalibrationSet(sequences, "drawn")).PooledResidual()!;
        var slow = new SlowMamba(model.Config, weights);
        double[][][][] streams = [.. sequences.Select(tokens => slow.ResidualStream(tokens))];
        return Enumerable.Range(0, model.Config.LayerCount + 1).SelectMany(norm => streams.SelectMany(stream => stream[norm]))
            .Select(row => Normalize(row, model.Config.NormEpsilon));
    }

    private static double[] Normalize(double[] row, double epsilon)
    {
        double scale = 1 / Math.Sqrt(row.Average(value => value * value) + epsilon);
        return Array.ConvertAll(row, value => value * scale);
    }

    /// <summary>Mean of (x − μ)(x − μ)ᵀ in two passes: no Σ x xᵀ − n μ μᵀ.</summary>
    private static double[] Covariance(double[][] rows, int width, bool centered)
    {
        double[] mean = [.. Enumerable.Range(0, width).Select(i => centered ? rows.Average(row => row[i]) : 0)];
        double[] sum = new double[width * width];
        foreach (double[] row in rows)
        {
            for (int i = 0; i < sum.Length; i++)
            {
                sum[i] += (row[i / width] - mean[i / width]) * (row[i % width] - mean[i % width]) / rows.Length;
            }
        }

        return sum;
    }

    private static double[] Variances(double[][] rows, double[] matrix, int width, bool transposed)
    {
        double[][] rotated = Array.ConvertAll(rows, row => Enumerable.Range(0, width)
            .Select(j => Enumerable.Range(0, width).Sum(i => row[i] * matrix[transposed ? (j * width) + i : (i * width) + j])).ToArray());
        double[] covariance = Covariance(rotated, width, centered: true);
        return [.. Enumerable.Range(0, width).Select(i => covariance[(i * width) + i])];
    }
}
