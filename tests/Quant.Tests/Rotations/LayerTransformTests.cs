using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Rotations;

public sealed class LayerTransformTests : IDisposable
{
    private readonly CpuKernels _kernels = new();
    private readonly TemporaryDirectory _directory = new();

    public void Dispose()
    {
        _kernels.Dispose();
        _directory.Dispose();
    }

    [Theory]
    [InlineData("all")]
    [InlineData("all, plain Hadamard")]
    [InlineData("Smoothing ScanState")]
    [InlineData("Klt TimeStepRank")]
    public void WrittenTransform_ReadsBackTheSame(string name)
    {
        MambaConfig config = RandomMamba.Draw(4).Config;
        ModelTransform written = RandomTransforms.Draw(_kernels, config, name, seed: 9);
        written.Write(_directory.Path);
        ModelTransform read = ModelTransform.Read(_directory.Path, config.LayerCount);
        AssertSame(written.Residual, read.Residual);
        Assert.Equal(written.Layers.Length, read.Layers.Length);
        for (int layer = 0; layer < written.Layers.Length; layer++)
        {
            Assert.Equal(written.Layers[layer].Rotations.Keys, read.Layers[layer].Rotations.Keys);
            Assert.All(written.Layers[layer].Rotations, pair => AssertSame(pair.Value, read.Layers[layer].Find(pair.Key)));
            Assert.Equal(written.Layers[layer].Smoothing.Keys, read.Layers[layer].Smoothing.Keys);
            Assert.All(written.Layers[layer].Smoothing, pair => Assert.Equal(pair.Value.AsSpan(), read.Layers[layer].Smoothing[pair.Key].AsSpan()));
        }
    }

    [Fact]
    public void Bytes_DependOnTheValuesOnly()
    {
        Rotation klt = KltRotation.Compute(_kernels, RotationSite.TimeStepRank, RandomTransforms.DrawMoment(new Random(1), 4), centered: true);
        Rotation hadamard = Rotation.Hadamard(RotationSite.OutProjInput, 24);
        new LayerTransform(3).With(RotationSite.TimeStepRank, klt).With(SmoothingSite.ScanState, [1, 2]).With(RotationSite.OutProjInput, hadamard)
            .Write(_directory.File("one"));
        new LayerTransform(3).With(RotationSite.OutProjInput, hadamard).With(SmoothingSite.ScanState, [1, 2]).With(RotationSite.TimeStepRank, klt)
            .Write(_directory.File("two"));
        Assert.Equal(File.ReadAllBytes(_directory.File("one")), File.ReadAllBytes(_directory.File("two")));
    }

    [Fact]
    public void With_LeavesTheOriginalAsItIs()
    {
        var empty = new LayerTransform(0);
        LayerTransform full = empty.With(SmoothingSite.ScanState, [2]).With(RotationSite.ScanState, Rotation.Hadamard(RotationSite.ScanState, 1));
        Assert.Empty(empty.Smoothing);
        Assert.Empty(empty.Rotations);
        Assert.Empty(full.With(SmoothingSite.ScanState, null).Smoothing);
        Assert.Empty(full.With(RotationSite.ScanState, null).Rotations);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void UnusableFactor_IsNamed(double factor)
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => new LayerTransform(5).With(SmoothingSite.GateToOutProj, [1, factor]));
        Assert.Contains("layer 5, GateToOutProj, channel 1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ResidualRotation_IsNotALayersOwn() => Assert.Throws<ArgumentException>(
        () => new LayerTransform(0).With(RotationSite.ResidualStream, Rotation.Hadamard(RotationSite.ResidualStream, 4)));

    [Fact]
    public void LayersOutOfOrder_AreRefused() => Assert.Throws<ArgumentException>(
        () => new ModelTransform(null, [new LayerTransform(1), new LayerTransform(0)]));

    [Fact]
    public void FileOfAnotherKind_IsRefused()
    {
        Rotation.Hadamard(RotationSite.ResidualStream, 12).Write(_directory.File("rotation"));
        Assert.Throws<InvalidSafetensorsException>(() => LayerTransform.Read(_directory.File("rotation")));
    }

    private static void AssertSame(Rotation? expected, Rotation? found)
    {
        Assert.Equal(expected?.Kind, found?.Kind);
        Assert.Equal(expected?.Factorization, found?.Factorization);
        Assert.Equal(expected?.Eigenvectors.ToArray(), found?.Eigenvectors.ToArray());
    }
}
