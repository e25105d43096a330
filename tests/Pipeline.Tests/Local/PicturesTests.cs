using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Tests.Planning;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Recipes;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Local;

public sealed class PicturesTests : IDisposable
{
    private readonly TinyModel _model = new();
    private readonly CpuKernels _kernels = new();

    public void Dispose()
    {
        _kernels.Dispose();
        _model.Dispose();
    }

    [Fact]
    public void FixedRanges_AreDrawnBeforeAndAfter()
    {
        CheckpointPictures pictures = Pictures(RecipePresets.MambaQuant, "W8A8");
        Assert.All(pictures.Layers, layer =>
        {
            Assert.Equal(
                ["conv_input", "dt_proj_input", "in_proj_input", "out_proj_input", "scan_output", "scan_state", "scan_state", "x_proj_input"],
                layer.Sites.Select(site => site.Site).Order(StringComparer.Ordinal));
            Assert.All(layer.Sites, site => Assert.True(site.MagnitudeBefore is not null && site.MagnitudeAfter is not null, site.Site));
            Assert.Equal("TimeStepRank", Assert.Single(layer.Rotations).Site);
            Assert.Equal(["InProjToConv", "XProjToDtProj", "ScanState", "GateToOutProj"], layer.Smoothings.Select(smoothing => smoothing.Site));
            Assert.All(layer.Smoothings, smoothing => Assert.Equal(smoothing.Strength is null, smoothing.Factors is null));
        });
        Assert.Equal("head_input", Assert.Single(pictures.Ends.Sites).Site);
        Assert.Equal("ResidualStream", Assert.Single(pictures.Ends.Rotations).Site);
        SitePicture state = pictures.Layers[0].Sites.Single(site => site.Axis == "state");
        Assert.Equal(4, state.MagnitudeBefore!.Channels);
    }

    [Fact]
    public void Rotation_FlattensVariances()
    {
        RotationPicture residual = Pictures(RecipePresets.MambaQuant, "W8A8").Ends.Rotations[0];
        Assert.Equal(1, residual.Klt.MaximumOverMedian);
        Assert.True(residual.Hadamard.MaximumOverMedian > 1.05, $"{residual.Hadamard.MaximumOverMedian}");
    }

    [Fact]
    public void SecondMomentsOfGptq_AreDrawn_WhereNoRangesAre()
    {
        CheckpointPictures pictures = Pictures(RecipePresets.MambaQuant, "W4A16");
        Assert.All(pictures.Layers, layer =>
        {
            Assert.NotEmpty(layer.Sites);
            Assert.All(layer.Sites, site =>
            {
                Assert.Null(site.MagnitudeBefore);
                Assert.NotNull(site.VarianceBefore);
                Assert.NotNull(site.VarianceAfter);
            });
        });
    }

    [Fact]
    public void RoundToNearest_HasNothingButWhatItObserved()
    {
        CheckpointPictures pictures = Pictures(RecipePresets.RoundToNearest, "W8A8");
        Assert.Empty(pictures.Ends.Rotations);
        Assert.All(pictures.Layers, layer =>
        {
            Assert.Empty(layer.Rotations);
            Assert.Empty(layer.Smoothings);
            Assert.All(layer.Sites, site => Assert.True(site.MagnitudeBefore is null && site.MagnitudeAfter is not null));
        });
    }

    [Fact]
    public void ItemsOfAnOlderProgram_AreDoneWithoutAPicture()
    {
        PlanRequest request = PlanCase.Request(TinyModel.Preset(RecipePresets.MambaQuant));
        WorkKind[] drawing = [WorkKind.ResidualRotation, WorkKind.Transform, WorkKind.Quantize];
        WorkPlan now = WorkPlanner.Plan(request);
        WorkPlan older = WorkPlanner.Plan(request with { Versions = drawing.Aggregate(request.Versions, (versions, kind) => versions.With(kind, 1)) });
        Assert.Equal(drawing, Drawing(now));
        Assert.Empty(Drawing(older));

        static IEnumerable<WorkKind> Drawing(WorkPlan plan) => plan.Graph.Items
            .Where(item => plan.OutputsOf(item).Contains(ItemOutputs.Picture)).Select(item => item.Kind).Distinct().Order();
    }

    private CheckpointPictures Pictures(string preset, string scheme)
    {
        _model.Quantize(_kernels, TinyModel.Preset(preset, scheme));
        return CheckpointPictures.Find(_model.File("out"))!;
    }
}
