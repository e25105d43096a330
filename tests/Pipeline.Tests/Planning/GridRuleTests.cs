using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Planning;

public sealed class GridRuleTests
{
    [Fact]
    public void LightStatistics_GiveManyShardsAndOneBlock()
    {
        WorkGrid grid = Grid("mamba-2.8b", WithoutGptq, samples: 4096, length: 2048);
        Assert.True(grid is { Blocks: 1, Shards: >= 256 }, $"{grid}");
    }

    [Fact]
    public void HeavyStatistics_GiveFewerShards()
    {
        WorkGrid light = Grid("mamba-2.8b", WithoutGptq, samples: 512, length: 512), heavy = Grid("mamba-2.8b", WithGptq, samples: 512, length: 512);
        Assert.True(heavy.Shards < light.Shards && heavy.Blocks >= light.Blocks, $"light {light}, heavy {heavy}");
    }

    [Theory]
    [InlineData("mamba-2.8b")]
    [InlineData("mamba-7b")]
    public void LargeJob_HasFourItemsForEachOf256Workers(string model) =>
        Assert.Equal((4, 256), Cut(Grid(model, WithGptq, samples: 4096, length: 2048)));

    [Fact]
    public void SmallJobs_AreNotCut() => Assert.Equal((1, 1), Cut(Grid("mamba-130m", WithGptq, samples: 2, length: 64)));

    [Fact]
    public void Scheme_ChangesNoGrid()
    {
        foreach (string name in PublishedModels.All.Select(model => model.Name))
        {
            Assert.Single(
                new[] { "W8A8", "W4A8", "W4A16", "W6A6" }.Select(scheme => Cut(Grid(name, RecipePresets.Get(RecipePresets.MambaQuant, scheme), 512, 512))).Distinct());
        }
    }

    [Fact]
    public void MemoryBudget_MakesShardsSmaller()
    {
        PlanRequest request = Shape("mamba-130m", WithGptq, samples: 64, length: 2048);
        WorkGrid free = Choose(request), tight = Choose(request with { Options = new PlanOptions { MemoryBytes = 64 << 20 } });
        Assert.True(tight.Shards > free.Shards, $"free {free}, tight {tight}");
        Assert.True(tight.Shard(0).Count * 2048L * 768 * 4 <= 16 << 20);
    }

    [Fact]
    public void Grid_GrowsWithTheTokens()
    {
        int before = 0;
        foreach (int samples in new[] { 8, 64, 512, 4096 })
        {
            WorkGrid grid = Grid("mamba-1.4b", WithGptq, samples, 1024);
            Assert.True(grid.Shards >= before, $"{samples} sequences: {grid}");
            before = grid.Shards;
        }
    }

    [Theory]
    [InlineData(64, 1)]
    [InlineData(64, 7)]
    [InlineData(5, 5)]
    [InlineData(5, 3)]
    public void BlockOf_IsTheBlockThatHoldsTheLayer(int layers, int blocks)
    {
        var grid = new WorkGrid(layers, 8, blocks, 1);
        for (int layer = 0; layer < layers; layer++)
        {
            (int first, int count) = grid.Block(grid.BlockOf(layer));
            Assert.InRange(layer, first, first + count - 1);
        }

        Assert.Equal(blocks - 1, grid.BlockOf(layers));
    }

    /// <summary>A request for a model that exists by its dimensions only.</summary>
    internal static PlanRequest Shape(string name, Recipe recipe, int samples, int length) => new()
    {
        Recipe = recipe,
        Model = ModelIdentity.OfShape(name, PublishedModels.Find(name)!.Config),
        Calibration = new CalibrationIdentity { Source = "text", Text = PlanCase.Hash('a'), Samples = samples, SequenceLength = length },
        Profile = "any",
    };

    private static Recipe WithGptq => RecipePresets.Get(RecipePresets.MambaQuant, "W4A8");

    private static Recipe WithoutGptq => WithGptq.WithoutGptq();

    private static WorkGrid Grid(string name, Recipe recipe, int samples, int length) => Choose(Shape(name, recipe, samples, length));

    private static WorkGrid Choose(PlanRequest request) => GridRule.Choose(request.Recipe, request.Model.Config, request.Calibration, request.Options);

    private static (int, int) Cut(WorkGrid grid) => (grid.Blocks, grid.Shards);
}
