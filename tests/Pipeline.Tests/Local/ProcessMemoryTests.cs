using MambaQuant.Pipeline.Local;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Local;

public sealed class ProcessMemoryTests
{
    /// <summary>Peaks of the resident set (VmHWM) with one worker: layers of mamba-2.8b's shape, 4 × 64 tokens of a text, .NET 10 on two processors with 24 GiB.</summary>
    [Theory]
    [InlineData(RecipePresets.MambaQuant, "W8A8", 4, 2.51)]
    [InlineData(RecipePresets.MambaQuant, "W8A8", 64, 2.31)]
    [InlineData(RecipePresets.MambaQuant, "W4A8", 4, 3.10)]
    [InlineData(RecipePresets.QuaRot, "W8A8", 4, 1.72)]
    [InlineData(RecipePresets.RoundToNearest, "W8A8", 4, 1.29)]
    public void OneWorker_IsReckonedAsMeasured(string preset, string scheme, int layers, double measuredGibi)
    {
        double reckoned = ProcessMemory.AtMost(Plan(preset, scheme, layers), 1) / (double)(1L << 30);

        // Largest difference met: 18 %.
        Assert.InRange(reckoned / measuredGibi, 0.7, 1.3);
    }

    [Fact]
    public void ManyWorkers_RunNoMoreItemsThanThereAre()
    {
        WorkPlan plan = Plan(RecipePresets.MambaQuant, "W8A8", 4);
        long largest = plan.Graph.Items.Max(item => item.Cost.MemoryBytes), all = plan.Graph.Items.Sum(item => item.Cost.MemoryBytes);
        Assert.Equal(0, ProcessMemory.ItemsAtMost(plan.Graph, 0));
        Assert.Equal(largest, ProcessMemory.ItemsAtMost(plan.Graph, 1));
        Assert.Equal(all, ProcessMemory.ItemsAtMost(plan.Graph, 512));
        Assert.True(ProcessMemory.ItemsAtMost(plan.Graph, 8) < 8 * largest, "only the searches of four layers are as large as the largest item");
        Assert.Equal(ProcessMemory.ItemsAtMost(plan.Graph, 3) + (3 * ProcessMemory.BesideItems(plan)), ProcessMemory.AtMost(plan, 3));
    }

    private static WorkPlan Plan(string preset, string scheme, int layers) => WorkPlanner.Plan(new PlanRequest
    {
        Recipe = RecipePresets.Get(preset, scheme),
        Model = ModelIdentity.OfShape("mamba-2.8b", PublishedModels.Find("2.8b")!.Config with { LayerCount = layers }),
        Calibration = new CalibrationIdentity { Source = "text", Text = "text", Samples = 4, SequenceLength = 64 },
        Profile = "any",
    });
}
