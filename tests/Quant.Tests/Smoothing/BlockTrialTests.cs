using System.Collections.Immutable;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Smoothing;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;
using Xunit;

namespace MambaQuant.Quant.Tests.Smoothing;

public sealed class BlockTrialTests : LayerTests
{
    private static readonly LayerTransform _nothing = new(0);

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
        using BlockTrial first = Layer.Trial(scheme), second = Layer.Trial(scheme);
        double alone = first.RelativeError(Layer.Weights, smoothed);
        second.RelativeError(Layer.Weights, _nothing);

        // The float reference is that of the first candidate; powers of two fold without rounding, so not a bit differs here.
        Assert.Equal(alone, second.RelativeError(Layer.Weights, smoothed));
        Assert.Equal(alone, first.RelativeError(Layer.Weights, smoothed));
    }

    [Fact]
    public void Ranges_ComeFromTheOneHalf_ErrorsFromTheOther()
    {
        QuantizationScheme scheme = LayerCase.Scheme(scan: false, MambaFamily.ConvModule);
        double same = Error(scheme);
        using (BlockTrial swapped = Layer.SwappedTrial(scheme))
        {
            Assert.NotEqual(same, swapped.RelativeError(Layer.Weights, _nothing));
        }

        // A norm forgets the scale of its inputs but for epsilon, so quiet inputs stay far within the ranges: errors grow relative to them.
        using Tensor quiet = Layer.Inputs(seed: 2, scale: 1e-3f);
        using BlockTrial trial = Layer.Trial(scheme, quiet);
        Assert.True(trial.RelativeError(Layer.Weights, _nothing) > same);
    }

    [Fact]
    public void BlockThatAddsNothing_IsExact()
    {
        using var silent = new LayerCase(Kernels, silent: true);
        using BlockTrial trial = silent.Trial(LayerCase.Scheme(scan: true, MambaFamily.ConvModule, MambaFamily.OutProjModule));
        Assert.Equal(0, trial.RelativeError(silent.Weights, _nothing));
    }

    [Fact]
    public void NonFiniteOutput_IsNamed_NotCompared()
    {
        using Tensor damaged = Layer.Inputs(seed: 2, scale: float.NaN);
        using BlockTrial trial = Layer.Trial(QuantizationSchemes.Parse("W8A16"), damaged);
        NonFiniteActivationException failure = Assert.Throws<NonFiniteActivationException>(() => trial.RelativeError(Layer.Weights, _nothing));
        Assert.Contains("layer 0", failure.Message, StringComparison.Ordinal);
    }

    private static ImmutableArray<double> Alternating(int count) => [.. Enumerable.Range(0, count).Select(LayerCase.Planted)];

    private double Error(QuantizationScheme scheme)
    {
        using BlockTrial trial = Layer.Trial(scheme);
        return trial.RelativeError(Layer.Weights, _nothing);
    }
}
