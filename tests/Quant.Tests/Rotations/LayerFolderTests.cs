using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Tensors;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Rotations;

public sealed class LayerFolderTests : IDisposable
{
    // Order 12 has a base matrix of Paley's that is not symmetric, so that H and its transpose cannot be confused.
    private const int Paley = 12;

    private readonly CpuKernels _kernels = new();
    private readonly LayerWeights _weights = new(0);

    public void Dispose()
    {
        _weights.Dispose();
        _kernels.Dispose();
    }

    [Fact]
    public void Rotation_FoldsOnTheRightSideOfRangesOfRowsAndColumns()
    {
        float[] weight = Values(20 * 15, seed: 1);
        float[] bias = Values(20, seed: 2);
        _weights["weight"] = Upload(weight, 20, 15);
        _weights["bias"] = _kernels.Upload<float>(bias, new Shape(20));
        ModelFamily family = Family(
            new RotationSiteDefinition(
                RotationSite.TimeStepRank,
                Paley,
                [
                    new FoldStep("weight", FoldAxis.Rows, 3, Paley),
                    new FoldStep("bias", FoldAxis.Rows, 5, Paley),
                    new FoldStep("missing.bias", FoldAxis.Rows, 0, Paley),
                    new FoldStep("weight", FoldAxis.Columns, 2, Paley),
                ],
                IsOnline: false,
                ActivationSite.DtProjInput));
        foreach (Rotation rotation in (Rotation[])[Rotation.Hadamard(RotationSite.TimeStepRank, Paley), RandomKlt()])
        {
            double[] t = Download(rotation.Dense(_kernels));
            using LayerWeights folded = LayerFolder.Fold(
                _kernels, family, _weights, residual: null, new LayerTransform(0).With(RotationSite.TimeStepRank, rotation));
            double[] expected = ReferenceColumns(ReferenceRows([.. weight.Select(value => (double)value)], 15, 3, t), 15, 2, t);
            AssertClose(expected, Single(folded["weight"]));
            AssertClose(ReferenceRows([.. bias.Select(value => (double)value)], 1, 5, t), Single(folded["bias"]));
            Assert.Equal(["weight", "bias"], folded.Names);
        }

        Assert.Equal(weight, Single(_weights["weight"]));
        Assert.Equal(bias, Single(_weights["bias"]));
    }

    [Fact]
    public void Smoothing_MultipliesAndDividesInOneRounding()
    {
        float[] weight = Values(4 * 3, seed: 3);
        _weights["weight"] = Upload(weight, 4, 3);
        ModelFamily family = Family() with
        {
            Smoothings =
            [
                new SmoothingSiteDefinition(
                    SmoothingSite.ScanState,
                    2,
                    ActivationSite.ScanState,
                    new FoldStep("weight", FoldAxis.Rows, 0, 2),
                    [new FoldStep("weight", FoldAxis.Rows, 1, 2, Divides: true), new FoldStep("weight", FoldAxis.Columns, 1, 2)]),
            ],
        };
        using LayerWeights folded = LayerFolder.Fold(
            _kernels, family, _weights, residual: null, new LayerTransform(0).With(SmoothingSite.ScanState, [0.3, 7]));
        double[] rows = [1, 1 / 0.3, 1 / 7.0, 1];
        double[] columns = [1, 0.3, 7];
        Assert.Equal(weight.Select((value, i) => (float)(value * rows[i / 3] * columns[i % 3])), Single(folded["weight"]));
    }

    [Fact]
    public void RotatedResidual_TakesTheNormWeightIntoItsConsumers()
    {
        MambaConfig config = RandomMamba.Draw(2).Config with { DModel = Paley, DInner = 8 };
        float[] gamma = Values(Paley, seed: 5);
        float[] inProj = Values(16 * Paley, seed: 6);
        float[] outProj = Values(Paley * 8, seed: 7);
        _weights[MambaTensors.Norm] = _kernels.Upload<float>(gamma, new Shape(Paley));
        _weights[MambaTensors.InProj] = Upload(inProj, 16, Paley);
        _weights[MambaTensors.OutProj] = Upload(outProj, Paley, 8);
        Rotation rotation = RandomKlt();
        double[] t = Download(rotation.Dense(_kernels));
        double[] smoothing = [.. Enumerable.Range(1, Paley).Select(i => i / 3.0)];
        using LayerWeights folded = LayerFolder.Fold(
            _kernels, MambaFamily.For(config), _weights, rotation, new LayerTransform(0).With(SmoothingSite.NormToInProj, [.. smoothing]));
        double[] scaled = ReferenceColumns([.. inProj.Select((value, i) => (double)value * gamma[i % Paley])], Paley, 0, t);
        AssertClose([.. scaled.Select((value, i) => value * smoothing[i % Paley])], Single(folded[MambaTensors.InProj]));
        AssertClose(ReferenceRows([.. outProj.Select(value => (double)value)], 8, 0, t), Single(folded[MambaTensors.OutProj]));
        Assert.Equal(smoothing.Select(value => (float)(1 / value)), Single(folded[MambaTensors.Norm]));
    }

    [Fact]
    public void UntouchedWeights_KeepTheirBits()
    {
        using var directory = new TemporaryDirectory();
        RandomMamba.Draw(3).Write(directory.Path);
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(directory.Path);
        using LayerWeights weights = checkpoint.LoadLayer(_kernels, 0);
        using LayerWeights folded = LayerFolder.Fold(_kernels, MambaFamily.For(checkpoint.Config), weights, null, new LayerTransform(0));
        Assert.Equal(weights.Names, folded.Names);
        Assert.All(weights.Names, name => Assert.Equal(Single(weights[name]), Single(folded[name])));
    }

    [Fact]
    public void TransformOfAnotherModel_IsRefused()
    {
        MambaConfig config = RandomMamba.Draw(1).Config with { DState = 8 };
        ModelFamily family = MambaFamily.For(config);
        LayerTransform rotation = new LayerTransform(0).With(RotationSite.ScanState, Rotation.Hadamard(RotationSite.ScanState, 16));
        Assert.Throws<ArgumentException>(() => LayerFolder.Fold(_kernels, family, _weights, null, rotation));
        Assert.Throws<ArgumentException>(() => LayerFolder.Online(_kernels, family, rotation));
        Assert.Throws<ArgumentException>(
            () => LayerFolder.Fold(_kernels, family, _weights, null, new LayerTransform(0).With(SmoothingSite.ScanState, [1, 2])));
        Assert.Throws<UnsupportedSiteException>(
            () => LayerFolder.Fold(_kernels, Family(), _weights, null, rotation));
    }

    [Fact]
    public void OnlineSite_TakesNoDenseRotation()
    {
        ModelFamily family = MambaFamily.For(RandomMamba.Draw(1).Config with { DState = Paley });
        UnsupportedSiteException error = Assert.Throws<UnsupportedSiteException>(
            () => LayerFolder.Online(_kernels, family, new LayerTransform(0).With(RotationSite.ScanState, RandomKlt())));
        Assert.Contains("ScanState", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Online_HoldsWhatIsLeftForRunTime()
    {
        MambaConfig config = RandomMamba.Draw(1).Config with { DInner = 24, DState = 8 };
        ModelFamily family = MambaFamily.For(config);
        using OnlineTransforms nothing = LayerFolder.Online(_kernels, family, new LayerTransform(0));
        Assert.Equal(OnlineTransforms.None, nothing);
        LayerTransform transform = new LayerTransform(0)
            .With(RotationSite.OutProjInput, Rotation.Hadamard(RotationSite.OutProjInput, 24))
            .With(SmoothingSite.GateToOutProj, [.. Enumerable.Repeat(0.1, 24)]);
        using OnlineTransforms online = LayerFolder.Online(_kernels, family, transform);
        Assert.Equal(24, online.OutProjInput!.Order);
        Assert.Null(online.XProjInput);
        Assert.Null(online.ScanState);
        Assert.Equal(Enumerable.Repeat(0.1f, 24), Single(online.GateSmoothing!));
    }

    [Theory]
    [InlineData(RotationKind.Hadamard)]
    [InlineData(RotationKind.Klt)]
    public void Ends_FoldRowByRow(RotationKind kind)
    {
        const int Rows = 7;
        float[] table = Values(Rows * Paley, seed: 8);
        float[] gamma = Values(Paley, seed: 9);
        Rotation rotation = kind == RotationKind.Klt ? RandomKlt() : Rotation.Hadamard(RotationSite.ResidualStream, Paley);
        double[] t = Download(rotation.Dense(_kernels));
        using Tensor uploaded = Upload(table, Rows, Paley);
        using Tensor norm = _kernels.Upload<float>(gamma, new Shape(Paley));
        using var ends = new EndsFolder(_kernels, rotation, norm);
        using Tensor embeddings = ends.Embeddings(uploaded);
        using Tensor head = ends.Head(uploaded);
        using Tensor ones = ends.FinalNorm();
        AssertClose(ReferenceColumns([.. table.Select(value => (double)value)], Paley, 0, t), Single(embeddings));
        AssertClose(ReferenceColumns([.. table.Select((value, i) => (double)value * gamma[i % Paley])], Paley, 0, t), Single(head));
        Assert.Equal(Enumerable.Repeat(1f, Paley), Single(ones));

        // A chunk of the table gives the same bits as the same rows of the whole.
        using Tensor chunk = _kernels.Rows(uploaded, 2, 3);
        using Tensor part = ends.Head(chunk);
        Assert.Equal(Single(head)[(2 * Paley)..(5 * Paley)], Single(part));
        Assert.Equal(table, Single(uploaded));
    }

    /// <summary>W ← Tᵀ W on 12 rows from a first one on, in fp64.</summary>
    private static double[] ReferenceRows(double[] weight, int columns, int first, double[] t)
    {
        double[] result = [.. weight];
        for (int i = 0; i < Paley; i++)
        {
            for (int column = 0; column < columns; column++)
            {
                result[((first + i) * columns) + column] =
                    Enumerable.Range(0, Paley).Sum(q => t[(q * Paley) + i] * weight[((first + q) * columns) + column]);
            }
        }

        return result;
    }

    /// <summary>W ← W T on 12 columns from a first one on, in fp64.</summary>
    private static double[] ReferenceColumns(double[] weight, int columns, int first, double[] t)
    {
        double[] result = [.. weight];
        for (int row = 0; row < weight.Length / columns; row++)
        {
            for (int j = 0; j < Paley; j++)
            {
                result[(row * columns) + first + j] =
                    Enumerable.Range(0, Paley).Sum(q => weight[(row * columns) + first + q] * t[(q * Paley) + j]);
            }
        }

        return result;
    }

    private static float[] Values(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)((4 * random.NextDouble()) - 2))];
    }

    private static ModelFamily Family(params RotationSiteDefinition[] rotations) =>
        MambaFamily.For(RandomMamba.Draw(1).Config) with { Rotations = [.. rotations], Smoothings = [] };

    /// <summary>Largest difference measured: 2.3e-7, the rounding of values below 8 to fp32.</summary>
    private static void AssertClose(double[] expected, float[] found)
    {
        Assert.Equal(expected.Length, found.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], found[i], 1e-6);
        }
    }

    private Rotation RandomKlt() =>
        KltRotation.Compute(_kernels, RotationSite.ResidualStream, RandomTransforms.DrawMoment(new Random(11), Paley), centered: true);

    private Tensor Upload(float[] values, int rows, int columns) => _kernels.Upload<float>(values, new Shape(rows, columns));

    private float[] Single(Tensor tensor)
    {
        float[] values = new float[tensor.Shape.ElementCount];
        _kernels.Download(tensor, values.AsSpan());
        return values;
    }

    private double[] Download(Tensor tensor)
    {
        using (tensor)
        {
            double[] values = new double[tensor.Shape.ElementCount];
            _kernels.Download(tensor, values.AsSpan());
            return values;
        }
    }
}
