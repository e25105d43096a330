using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Tests.Local;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Planning;

/// <summary>The items of an evaluation: how many, behind what, and what is in their keys.</summary>
public sealed class EvaluationPlanTests
{
    private static readonly Recipe _recipe = TinyModel.Preset(RecipePresets.MambaQuant, "W4A8");

    private static readonly WorkKind[] _kinds = [WorkKind.TokenizeEvaluation, WorkKind.EvaluateFloat, WorkKind.Evaluate, WorkKind.ReduceEvaluation];

    private static readonly EvaluationIdentity _text = new()
    {
        Source = "judge.txt",
        Text = PlanCase.Hash('1'),
        Tokenizer = PlanCase.Hash('b'),
        Tokens = 1_050,
        WindowLength = 100,
    };

    [Fact]
    public void NoEvaluation_NoItems()
    {
        WorkPlan plan = WorkPlanner.Plan(PlanCase.Request(_recipe)), evaluated = Plan();
        Assert.Null(plan.Evaluation);
        Assert.DoesNotContain(plan.Graph.Items, item => _kinds.Contains(item.Kind));
        Assert.Equal(plan.Graph.Items.Select(item => item.Key), evaluated.Graph.Items.Take(plan.Graph.Items.Length).Select(item => item.Key));
        Assert.NotEqual(plan.Id, evaluated.Id);
    }

    [Fact]
    public void EachShard_HasAnItemOfEachModel_BehindTheCheckpoint()
    {
        WorkPlan plan = Plan();
        Assert.Equal(new EvaluationGrid(1_050, 100, Windows: 11, Shards: 3), plan.Evaluation);
        Assert.Equal([1, 3, 3, 1], _kinds.Select(kind => plan.Graph.Items.Count(item => item.Kind == kind)));
        Assert.Equal([300, 400, 350], Enumerable.Range(0, 3).Select(plan.Evaluation!.TokensOf));
        Assert.Equal([WorkKind.Assemble], NeedsOf(plan, plan.Find(WorkKind.TokenizeEvaluation)!));
        Assert.Equal([WorkKind.Assemble, WorkKind.TokenizeEvaluation], NeedsOf(plan, plan.Find(WorkKind.EvaluateFloat, shard: 1)!));
        WorkItem evaluate = plan.Find(WorkKind.Evaluate, shard: 1)!;
        Assert.Equal([WorkKind.Quantize, WorkKind.Assemble, WorkKind.TokenizeEvaluation, WorkKind.EvaluateFloat], NeedsOf(plan, evaluate));
        Assert.Equal(plan.Grid.Layers + 1, evaluate.Needs.Count(need => plan.Graph.Items[need].Kind == WorkKind.Quantize));
        Assert.Contains(plan.Find(WorkKind.EvaluateFloat, shard: 1)!.Index, evaluate.Needs);
        Assert.Equal([WorkKind.EvaluateFloat, WorkKind.Evaluate], NeedsOf(plan, plan.Find(WorkKind.ReduceEvaluation)!));
        Assert.All(plan.Graph.Items.Where(item => item.Kind is WorkKind.EvaluateFloat or WorkKind.Evaluate), item =>
            Assert.True(item.Cost is { Operations: > 0, InputBytes: > 0, OutputBytes: > 0, MemoryBytes: > 0 }, $"{item.Label}: {item.Cost}"));
        Assert.Equal(plan.Graph.Items.Length, plan.Graph.Items.Select(item => item.Key).Distinct().Count());
    }

    [Fact]
    public void WithoutComparison_TheFloatModelDoesNotRun()
    {
        WorkPlan plan = Plan(text => text with { ComparesWithFloat = false });
        Assert.DoesNotContain(plan.Graph.Items, item => item.Kind == WorkKind.EvaluateFloat);
        Assert.Empty(Keys(plan, WorkKind.Evaluate).Intersect(Keys(Plan(), WorkKind.Evaluate)));
    }

    [Fact]
    public void TextTokenizerAndWindows_AreInEveryKey()
    {
        string[] before = Keys(Plan(), _kinds);
        foreach (Func<EvaluationIdentity, EvaluationIdentity> change in new Func<EvaluationIdentity, EvaluationIdentity>[]
        {
            text => text with { Text = PlanCase.Hash('2') },
            text => text with { Tokenizer = PlanCase.Hash('2') },
            text => text with { Source = "judge.jsonl" },
            text => text with { WindowLength = 101 },
        })
        {
            Assert.Empty(Keys(Plan(change), _kinds).Intersect(before));
        }

        Assert.Equal(before, Keys(Plan(text => text with { Source = "renamed.txt" }), _kinds));
    }

    [Fact]
    public void OtherRecipes_ShareWhatTheFloatModelGives()
    {
        WorkPlan plan = Plan();
        foreach (Recipe other in new[] { TinyModel.Preset(RecipePresets.RoundToNearest), TinyModel.Preset(RecipePresets.MambaQuant, "W8A8"), TinyModel.Preset(RecipePresets.SmoothQuant, "W4A4", strict: true) })
        {
            WorkPlan second = Plan(recipe: other);
            Assert.Equal(Keys(plan, WorkKind.TokenizeEvaluation, WorkKind.EvaluateFloat), Keys(second, WorkKind.TokenizeEvaluation, WorkKind.EvaluateFloat));
            Assert.Empty(Keys(plan, WorkKind.Evaluate, WorkKind.ReduceEvaluation).Intersect(Keys(second, WorkKind.Evaluate, WorkKind.ReduceEvaluation)));
        }
    }

    [Fact]
    public void Weights_ChangeBothModels_TheCheckpointsDocumentsNone()
    {
        PlanRequest request = Request(_text);
        WorkPlan before = WorkPlanner.Plan(request), weights = WorkPlanner.Plan(request.WithFile("layer-2.safetensors"));
        Assert.Equal(Keys(before, WorkKind.TokenizeEvaluation), Keys(weights, WorkKind.TokenizeEvaluation));
        Assert.Empty(Keys(weights, WorkKind.EvaluateFloat, WorkKind.Evaluate, WorkKind.ReduceEvaluation).Intersect(Keys(before, _kinds)));

        WorkPlan documents = WorkPlanner.Plan(request with { Model = request.Model with { Companions = request.Model.Companions.Add("tokenizer.json", PlanCase.Hash('9')) } });
        Assert.NotEqual(Keys(before, WorkKind.Assemble), Keys(documents, WorkKind.Assemble));
        Assert.Equal(Keys(before, _kinds), Keys(documents, _kinds));
    }

    [Fact]
    public void ProfileAndVersions_AreInTheKeysOfWhatComputes()
    {
        PlanRequest request = Request(_text);
        WorkPlan before = WorkPlanner.Plan(request), other = WorkPlanner.Plan(request with { Profile = "gpu" });
        Assert.Equal(Keys(before, WorkKind.TokenizeEvaluation), Keys(other, WorkKind.TokenizeEvaluation));
        Assert.Empty(Keys(before, WorkKind.EvaluateFloat, WorkKind.Evaluate).Intersect(Keys(other, WorkKind.EvaluateFloat, WorkKind.Evaluate)));
        foreach (WorkKind kind in _kinds)
        {
            WorkPlan raised = WorkPlanner.Plan(request with { Versions = request.Versions.With(kind, request.Versions.Of(kind) + 1) });
            Assert.Empty(Keys(before, kind).Intersect(Keys(raised, kind)));
        }
    }

    [Fact]
    public void StoredPlan_HasTheEvaluation()
    {
        WorkPlan plan = Plan(), read = PlanDocument.Read(PlanDocument.Write(plan), "plan");
        Assert.Equal((plan.Id, plan.Evaluation), (read.Id, read.Evaluation));
        string difference = Assert.Single(PlanComparison.Differences(plan, Plan(text => text with { WindowLength = 50 })));
        Assert.StartsWith("evaluation text: stored judge.txt", difference, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mamba-130m", 5_000, 1)]
    [InlineData("mamba-130m", 300_000, 16)]
    [InlineData("mamba-2.8b", 300_000, 16)]
    [InlineData("mamba-2.8b", 2_000, 1)]
    public void Shards_FollowFromShapeAndText(string model, long tokens, int shards)
    {
        MambaConfig config = PublishedModels.Find(model)!.Config;
        EvaluationIdentity text = _text with { Tokens = tokens, WindowLength = 512 };
        Assert.Equal(shards, EvaluationRule.Choose(config, text, new PlanOptions()).Shards);

        // Hidden states of a shard fit a quarter of the budget.
        EvaluationGrid small = EvaluationRule.Choose(config, text, new PlanOptions { MemoryBytes = 64L << 20 });
        Assert.True(small.TokensOf(0) <= Math.Max(512, (16L << 20) / ModelOperations.HiddenBytes(config)), $"{small}");
        Assert.Throws<ArgumentOutOfRangeException>(() => EvaluationRule.Choose(config, text, new PlanOptions { EvaluationShards = text.Windows + 1 }));
    }

    private static PlanRequest Request(EvaluationIdentity text, Recipe? recipe = null)
    {
        PlanRequest request = PlanCase.Request(recipe ?? _recipe);
        return request with { Evaluation = text, Options = request.Options with { EvaluationShards = 3 } };
    }

    private static WorkPlan Plan(Func<EvaluationIdentity, EvaluationIdentity>? change = null, Recipe? recipe = null) =>
        WorkPlanner.Plan(Request(change?.Invoke(_text) ?? _text, recipe));

    private static string[] Keys(WorkPlan plan, params WorkKind[] kinds) => [.. plan.Graph.Items.Where(item => kinds.Contains(item.Kind)).Select(item => item.Key.Text)];

    private static WorkKind[] NeedsOf(WorkPlan plan, WorkItem item) => [.. item.Needs.Select(need => plan.Graph.Items[need].Kind).Distinct()];
}
