using System.Diagnostics;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Tests.Local;
using MambaQuant.Quant.Recipes;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Planning;

public sealed class WorkPlannerTests
{
    [Fact]
    public void WeightOnlyRounding_QuantizesAndAssembles_NothingElse() =>
        Assert.Equal([WorkKind.Quantize, WorkKind.Assemble], Kinds(RecipePresets.RoundToNearest, "W8A16"));

    [Fact]
    public void FixedActivations_NeedTheSecondPassAlone() => Assert.Equal(
        [WorkKind.Tokenize, WorkKind.ObserveTransformed, WorkKind.ReduceTransformed, WorkKind.Quantize, WorkKind.Assemble],
        Kinds(RecipePresets.RoundToNearest, "W8A8"));

    [Fact]
    public void WeightsAlone_NeedNoSecondPass() => Assert.Equal(
        [
            WorkKind.Tokenize, WorkKind.ObserveOriginal, WorkKind.ReduceOriginal, WorkKind.ObserveMoments, WorkKind.ReduceMoments,
            WorkKind.ResidualRotation, WorkKind.SearchSmoothing, WorkKind.Transform, WorkKind.Quantize, WorkKind.Assemble,
        ],
        Kinds(RecipePresets.MambaQuant, "W4A16"));

    [Fact]
    public void WeightsOfEightBits_NeedNoMoments()
    {
        Assert.DoesNotContain(WorkKind.ObserveMoments, Kinds(RecipePresets.MambaQuant, "W8A8"));
        Assert.Equal([WorkKind.Transform, WorkKind.Quantize, WorkKind.Assemble], Kinds(RecipePresets.QuaRot, "W8A16"));
    }

    [Fact]
    public void FixedSmoothing_IsNotSearched() => Assert.DoesNotContain(WorkKind.SearchSmoothing, Kinds(RecipePresets.SmoothQuant, "W8A8"));

    [Fact]
    public void OneShard_NeedsNoReducing()
    {
        WorkPlan plan = WorkPlanner.Plan(PlanCase.Request(RecipePresets.Get(RecipePresets.MambaQuant, "W4A8"), blocks: 2, shards: 1));
        Assert.DoesNotContain(plan.Graph.Items, item => item.Kind is WorkKind.ReduceOriginal or WorkKind.ReduceMoments or WorkKind.ReduceTransformed);
    }

    [Fact]
    public void SequentialGptq_IsAChain()
    {
        Recipe recipe = RecipePresets.Get(RecipePresets.MambaQuant, "W4A8").With(new GptqModifier(Sequential: true));
        WorkPlan plan = WorkPlanner.Plan(PlanCase.Request(recipe, blocks: null, shards: 2));
        Assert.DoesNotContain(plan.Graph.Items, item => item.Kind is WorkKind.ObserveMoments);
        for (int layer = 1; layer <= plan.Grid.Layers; layer++)
        {
            for (int shard = 0; shard < 2; shard++)
            {
                WorkItem step = plan.Find(WorkKind.ObserveTransformed, layer, shard)!;
                Assert.Contains(plan.Find(WorkKind.Quantize, layer - 1)!.Index, step.Needs);
                Assert.Contains(plan.Find(WorkKind.ObserveTransformed, layer - 1, shard)!.Index, step.Needs);
            }
        }
    }

    [Theory]
    [InlineData(RecipePresets.RoundToNearest, "W4A8")]
    [InlineData(RecipePresets.SmoothQuant, "W4A4")]
    [InlineData(RecipePresets.QuaRot, "W4A8")]
    [InlineData(RecipePresets.MambaQuant, "W4A8")]
    [InlineData(RecipePresets.MambaQuant, "W8A16")]
    [InlineData(RecipePresets.MambaQuantPortable, "W8A8")]
    public void EveryItemButTheLast_IsNeededByAnother(string preset, string scheme)
    {
        foreach (int shards in new[] { 1, 2 })
        {
            WorkPlan plan = WorkPlanner.Plan(PlanCase.Request(RecipePresets.Get(preset, scheme), blocks: 2, shards));
            HashSet<int> needed = [.. plan.Graph.Items.SelectMany(item => item.Needs)];
            Assert.Equal([WorkKind.Assemble], plan.Graph.Items.Where(item => !needed.Contains(item.Index)).Select(item => item.Kind));
            Assert.All(plan.Graph.Items, item => Assert.Equal(item.Needs.Order().Distinct(), item.Needs));
            Assert.All(plan.Graph.Items, item => Assert.True(item.Cost is { Operations: >= 0, InputBytes: >= 0, OutputBytes: >= 0, ModelBytes: >= 0, MemoryBytes: > 0 }, $"{item.Label}: {item.Cost}"));
        }
    }

    [Theory]
    [InlineData("mamba-2.8b", "W4A8")]
    [InlineData("mamba-7b", "W8A8")]
    public void LargeModels_ArePlannedByNameInSeconds(string name, string scheme)
    {
        var clock = Stopwatch.StartNew();
        WorkPlan plan = WorkPlanner.Plan(GridRuleTests.Shape(name, RecipePresets.Get(RecipePresets.MambaQuant, scheme), samples: 4096, length: 2048));
        Assert.InRange(plan.Graph.Items.Length, 800, 20_000);

        // Measured: 0.06 s.
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 30);
    }

    [Fact]
    public void OptionsOutOfRange_AreRefusedByName()
    {
        Recipe recipe = TinyModel.Preset(RecipePresets.MambaQuant);
        Assert.Contains("--shards", Refusal(blocks: 1, shards: 7), StringComparison.Ordinal);
        Assert.Contains("--blocks", Refusal(blocks: 5, shards: 1), StringComparison.Ordinal);
        Assert.Contains("--blocks", Refusal(blocks: 0, shards: 1), StringComparison.Ordinal);

        string Refusal(int blocks, int shards) =>
            Assert.Throws<ArgumentOutOfRangeException>(() => WorkPlanner.Plan(PlanCase.Request(recipe, blocks, shards))).Message;
    }

    private static WorkKind[] Kinds(string preset, string scheme) =>
        [.. WorkPlanner.Plan(PlanCase.Request(RecipePresets.Get(preset, scheme))).Graph.Items.Select(item => item.Kind).Distinct().Order()];
}
