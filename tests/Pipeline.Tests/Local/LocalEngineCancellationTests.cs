using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Local;
using MambaQuant.Quant.Recipes;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Local;

public sealed class LocalEngineCancellationTests
{
    [Theory]
    [InlineData(Stages.Prepare)]
    [InlineData(Stages.SampleSelf)]
    [InlineData(Stages.ObserveOriginal)]
    [InlineData(Stages.ResidualRotation)]
    [InlineData(Stages.SearchSmoothing)]
    [InlineData(Stages.ObserveTransformed)]
    [InlineData(Stages.Quantize)]
    [InlineData(Stages.Assemble)]
    public void CancelledStage_EndsTheRun_AndTheSameRunGoesOn(string stage)
    {
        using var model = new TinyModel();
        using var kernels = new OpaqueKernels();
        using var source = new CancellationTokenSource();
        var stages = new StageLog(stage, source.Cancel);
        Recipe recipe = TinyModel.Preset(RecipePresets.MambaQuant, "W4A8");
        Assert.ThrowsAny<OperationCanceledException>(() =>
            new LocalEngine(kernels, TimeProvider.System).Quantize(model.Options(recipe), stages, source.Token));

        // A stage hands over without looking at the token; the next one looks at once.
        Assert.InRange(stages.Names.SkipWhile(name => name != stage).Count(), 1, 2);
        Assert.DoesNotContain("out", model.Others);
        Assert.Empty(kernels.LiveTensors);

        QuantizeResult resumed = model.Quantize(kernels, recipe);
        Assert.Equal(stage is Stages.Prepare or Stages.SampleSelf, resumed.Counts.Reused == 0);
        Assert.Equal(["out"], model.Others);
        model.Quantize(kernels, recipe, "whole");
        Assert.All(model.Files("whole"), file => Assert.True(file.Value.AsSpan().SequenceEqual(model.Files("out")[file.Key]), $"{file.Key} differs"));
    }

    [Fact]
    public void CompleteRun_LeavesNoTensor()
    {
        using var model = new TinyModel();
        using var kernels = new OpaqueKernels();
        model.Quantize(kernels, TinyModel.Preset(RecipePresets.MambaQuant, "W4A8"));
        Assert.Empty(kernels.LiveTensors);
        Assert.Equal(["out"], model.Others);
    }
}
