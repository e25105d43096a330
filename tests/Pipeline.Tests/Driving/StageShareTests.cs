using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Tests.Planning;
using MambaQuant.Quant.Recipes;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Driving;

public sealed class StageShareTests
{
    public static TheoryData<string> Presets => [.. RecipePresets.Names];

    [Theory]
    [MemberData(nameof(Presets))]
    public void Stage_CountsInOneUnit(string preset)
    {
        WorkPlan plan = WorkPlanner.Plan(PlanCase.Request(RecipePresets.Get(preset), blocks: 2, shards: 2));

        Assert.All(
            plan.Graph.Items.Select(item => StageShare.Of(plan, item)).GroupBy(share => share.Stage),
            stage => Assert.Single(stage.Select(share => share.Unit).Distinct()));
    }
}
