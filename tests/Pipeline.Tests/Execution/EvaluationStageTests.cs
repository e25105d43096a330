using MambaQuant.Pipeline.Execution;
using MambaQuant.Pipeline.Inputs;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Tests.Local;
using MambaQuant.Quant.Recipes;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Execution;

/// <summary>The items of an evaluation say what the evaluator says of the finished checkpoint, bit for bit.</summary>
public sealed class EvaluationStageTests : IDisposable
{
    private readonly EvaluatedModel _model = new();
    private readonly OpaqueKernels _kernels = new();
    private readonly MemoryArtifactStore _store = new();

    public void Dispose()
    {
        _kernels.Dispose();
        _model.Dispose();
    }

    [Theory]
    [InlineData(RecipePresets.RoundToNearest, "W8A8", false)]
    [InlineData(RecipePresets.RoundToNearest, "W8A16", false)]
    [InlineData(RecipePresets.SmoothQuant, "W4A4", true)]
    [InlineData(RecipePresets.QuaRot, "W4A16", false)]
    [InlineData(RecipePresets.MambaQuant, "W4A8", false)]
    public async Task Figures_AreThoseOfTheFinishedCheckpoint(string preset, string scheme, bool strict)
    {
        EvaluationOutcome outcome = await RunAsync(TinyModel.Preset(preset, scheme, strict), "out", evaluationShards: 1);

        Assert.True(_model.Windows > 3 && _model.Tokens.Length % EvaluatedModel.WindowLength != 0);
        Assert.Equal(_model.Direct(_kernels, checkpoint: null), outcome.Float);
        Assert.Equal(_model.Direct(_kernels, "out"), outcome.Quantized);
        Assert.True(outcome.Quantized.KlMean > 0);
        Assert.Empty(_kernels.LiveTensors);
    }

    [Fact]
    public async Task SequentialGptq_IsEvaluatedToo()
    {
        Recipe recipe = TinyModel.Preset(RecipePresets.RoundToNearest, "W4A16").With(new GptqModifier(Sequential: true));
        EvaluationOutcome outcome = await RunAsync(recipe, "out", evaluationShards: 2);
        Assert.Equal(_model.Direct(_kernels, "out"), outcome.Quantized);
    }

    [Fact]
    public async Task Shards_ChangeNoBit()
    {
        Recipe recipe = TinyModel.Preset(RecipePresets.MambaQuant, "W4A8");
        EvaluationOutcome one = await RunAsync(recipe, "one", evaluationShards: 1);
        foreach (int shards in new[] { 2, 3, _model.Windows })
        {
            Assert.Equal(one, await RunAsync(recipe, $"of-{shards}", shards, seed: shards, workers: 3));
        }
    }

    [Fact]
    public async Task WithoutTheFloatModel_ThereIsNoComparison()
    {
        WorkPlan plan = _model.Plan(_kernels, TinyModel.Preset(RecipePresets.RoundToNearest), compares: false);
        using PlanRun run = Run(plan, "out", 1, 1);
        await run.RunAsync();

        EvaluationOutcome outcome = await OutcomeAsync(plan);
        Assert.Null(outcome.Float);
        Assert.Equal(_model.Direct(_kernels, "out", compares: false), outcome.Quantized);
    }

    [Fact]
    public async Task OtherRecipesAndSchemes_ShareTheFloatModelsPart()
    {
        await RunAsync(TinyModel.Preset(RecipePresets.RoundToNearest), "first", evaluationShards: 2);
        WorkPlan second = _model.Plan(_kernels, TinyModel.Preset(RecipePresets.MambaQuant, "W4A8"), evaluationShards: 2, shards: 2);
        using PlanRun run = Run(second, "second", 1, 1);
        await run.RunAsync();

        Assert.All(run.Log.Where(entry => entry.Item.Kind is WorkKind.EvaluateFloat or WorkKind.TokenizeEvaluation), entry => Assert.True(entry.Result.WasDone));
        Assert.All(run.Log.Where(entry => entry.Item.Kind is WorkKind.Evaluate), entry => Assert.False(entry.Result.WasDone));
        Assert.Equal(_model.Direct(_kernels, "second"), (await OutcomeAsync(second)).Quantized);
    }

    [Theory]
    [InlineData(WorkKind.EvaluateFloat)]
    [InlineData(WorkKind.Evaluate)]
    public async Task StoppedItem_GoesOnWhereItWas(WorkKind kind)
    {
        WorkPlan plan = _model.Plan(_kernels, TinyModel.Preset(RecipePresets.MambaQuantPortable, "W4A8"), evaluationShards: 2);
        using PlanRun run = Run(plan, "out", 1, 1, progressLayers: 1);
        WorkItem item = plan.Find(kind, shard: 1)!;
        await run.RunAsync(other => other != item && (kind == WorkKind.EvaluateFloat ? other.Kind != WorkKind.Evaluate : true));
        long tokens = plan.Evaluation!.TokensOf(1);
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.RunAsync(item, new StopAt(stop, 2 * tokens), stop.Token));
        Assert.Contains(WorkPlan.NameOf(item.Key, ItemOutputs.Progress(2)), _store.Names);

        var seen = new StopAt(stop, long.MaxValue);
        await run.RunAsync(item, seen);
        Assert.Equal((2 * tokens, 2), (seen.Reports[0].Done, seen.Reports[0].Checkpoint));
        Assert.Equal((4 * tokens, 4 * tokens), (seen.Reports[^1].Done, seen.Reports[^1].Total));
        Assert.DoesNotContain(_store.Names, name => name.Contains(ItemOutputs.ProgressPrefix, StringComparison.Ordinal));
        await run.RunAsync();
        Assert.Equal(_model.Direct(_kernels, "out"), (await OutcomeAsync(plan)).Quantized);
        run.Dispose();
        Assert.Empty(_kernels.LiveTensors);
    }

    [Theory]
    [InlineData(WorkKind.EvaluateFloat, ItemOutputs.HeadInputs)]
    [InlineData(WorkKind.Quantize, ItemOutputs.Layer)]
    [InlineData(WorkKind.Quantize, ItemOutputs.Embeddings)]
    [InlineData(WorkKind.TokenizeEvaluation, "windows-000")]
    public async Task DamagedInput_IsMadeAgain(WorkKind kind, string output)
    {
        WorkPlan plan = _model.Plan(_kernels, TinyModel.Preset(RecipePresets.RoundToNearest, "W4A16"));
        using PlanRun run = Run(plan, "out", 1, 1);
        await run.RunAsync(item => item.Kind is not (WorkKind.Evaluate or WorkKind.ReduceEvaluation));
        WorkItem producer = plan.Graph.Items.First(item => item.Kind == kind && plan.OutputsOf(item).Contains(output));
        _store.Damage(WorkPlan.NameOf(producer.Key, output), 200);
        await run.RunAsync();

        Assert.Equal([producer.Index], run.Lost);
        Assert.Equal(_model.Direct(_kernels, "out"), (await OutcomeAsync(plan)).Quantized);
    }

    [Fact]
    public async Task Items_ReadTheirOwnWindowsOnly()
    {
        WorkPlan plan = _model.Plan(_kernels, TinyModel.Preset(RecipePresets.RoundToNearest, "W4A16"), evaluationShards: 2);
        using PlanRun run = Run(plan, "out", 1, 1);
        await run.RunAsync(item => item.Kind is not (WorkKind.EvaluateFloat or WorkKind.Evaluate or WorkKind.ReduceEvaluation));
        _store.Damage(WorkPlan.NameOf(plan.Find(WorkKind.TokenizeEvaluation)!.Key, ItemOutputs.Windows(1)), 100);
        await run.RunAsync(item => item.Shard == 0);
        Assert.Empty(run.Lost);
    }

    [Fact]
    public async Task TextThatChanged_IsRefused()
    {
        WorkPlan plan = _model.Plan(_kernels, TinyModel.Preset(RecipePresets.RoundToNearest, "W4A16"));
        using PlanRun run = Run(plan, "out", 1, 1);
        await run.RunAsync(item => item.Kind != WorkKind.TokenizeEvaluation);
        File.AppendAllText(_model.TextPath, "more");
        await Assert.ThrowsAsync<ChangedInputException>(() => run.RunAsync(plan.Find(WorkKind.TokenizeEvaluation)!));
    }

    private async Task<EvaluationOutcome> RunAsync(Recipe recipe, string output, int evaluationShards, int seed = 1, int workers = 1)
    {
        WorkPlan plan = _model.Plan(_kernels, recipe, evaluationShards);
        using PlanRun run = Run(plan, output, seed, workers);
        await run.RunAsync();
        return await OutcomeAsync(plan);
    }

    private PlanRun Run(WorkPlan plan, string output, int seed, int workers, int? progressLayers = null) =>
        new(_model.Model, _kernels, plan, _store, output, seed, workers, progressLayers: progressLayers, evaluationText: _model.TextPath);

    private async Task<EvaluationOutcome> OutcomeAsync(WorkPlan plan) =>
        (await StoredEvaluations.FindAsync(plan, _store, (_, _) => { }, CancellationToken.None))!;

    /// <summary>Remembers reports, and cancels as soon as so much is done.</summary>
    private sealed class StopAt(CancellationTokenSource source, long done) : IProgress<ItemProgress>
    {
        public List<ItemProgress> Reports { get; } = [];

        public void Report(ItemProgress value)
        {
            Reports.Add(value);
            if (value.Done >= done)
            {
                source.Cancel();
            }
        }
    }
}
