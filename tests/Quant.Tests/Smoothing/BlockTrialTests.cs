using System.Collections.Immutable;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Smoothing;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Smoothing;

public sealed class BlockTrialTests : IDisposable
{
    private static readonly LayerTransform _nothing = new(0);

    private readonly OpaqueKernels _kernels = new();
    private readonly LayerCase _layer;

    public BlockTrialTests()
    {
        _layer = new LayerCase(_kernels);
    }

    public void Dispose()
    {
        _layer.Dispose();
        Assert.Empty(_kernels.LiveTensors);
        _kernels.Dispose();
    }

    [Fact]
    public void FewerBits_CostMore()
    {
        double[] errors = [.. new[] { "W8A16", "W8A8", "W6A6", "W4A4" }.Select(scheme => Error(QuantizationSchemes.Parse(scheme)))];
        Assert.True(errors[0] > 0);
        Assert.All(errors.Zip(errors.Skip(1)), pair => Assert.True(pair.First < pair.Second, string.Join(", ", errors)));
    }

    [Fact]
    public void Error_DoesNotDependOnWhatWasTriedBefore()
    {
        LayerTransform smoothed = _nothing.With(SmoothingSite.InProjToConv, Alternating(24));
        QuantizationScheme scheme = QuantizationSchemes.Parse("W6A6");
        using BlockTrial first = _layer.Trial(scheme), second = _layer.Trial(scheme);
        double alone = first.RelativeError(_layer.Weights, smoothed);
        second.RelativeError(_layer.Weights, _nothing);

        // The float reference is that of the first candidate; powers of two fold without rounding, so not a bit differs here.
        Assert.Equal(alone, second.RelativeError(_layer.Weights, smoothed));
        Assert.Equal(alone, first.RelativeError(_layer.Weights, smoothed));
    }

    [Fact]
    public void Ranges_ComeFromTheOneHalf_ErrorsFromTheOther()
    {
        QuantizationScheme scheme = LayerCase.Scheme(scan: false, MambaFamily.ConvModule);
        double same = Error(scheme);
        using (BlockTrial swapped = _layer.SwappedTrial(scheme))
        {
            Assert.NotEqual(same, swapped.RelativeError(_layer.Weights, _nothing));
        }

        // A norm forgets the scale of its inputs but for epsilon, so quiet inputs stay far within the ranges: errors grow relative to them.
        using Tensor quiet = _layer.Inputs(seed: 2, scale: 1e-3f);
        using BlockTrial trial = _layer.Trial(scheme, quiet);
        Assert.True(trial.RelativeError(_layer.Weights, _nothing) > same);
    }

    [Fact]
    public void BlockThatAddsNothing_IsExact()
    {
        using var silent = new LayerCase(_kernels, silent: true);
        using BlockTrial trial = silent.Trial(LayerCase.Scheme(scan: true, MambaFamily.ConvModule, MambaFamily.OutProjModule));
        Assert.Equal(0, trial.RelativeError(silent.Weights, _nothing));
    }

    [Fact]
    public void NonFiniteOutput_IsNamed_NotCompared()
    {
        using Tensor damaged = _layer.Inputs(seed: 2, scale: float.NaN);
        using BlockTrial trial = _layer.Trial(QuantizationSchemes.Parse("W8A16"), damaged);
        NonFiniteActivationException failure = Assert.Throws<NonFiniteActivationException>(() => trial.RelativeError(_layer.Weights, _nothing));
        Assert.Contains("layer 0", failure.Message, StringComparison.Ordinal);
    }

    private static ImmutableArray<double> Alternating(int count) => [.. Enumerable.Range(0, count).Select(LayerCase.Planted)];

    private double Error(QuantizationScheme scheme)
    {
        using BlockTrial trial = _layer.Trial(scheme);
        return trial.RelativeError(_layer.Weights, _nothing);
    }
}
