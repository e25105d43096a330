using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Execution;
using MambaQuant.Pipeline.Inputs;
using MambaQuant.Pipeline.Local;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Tests.Execution;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Recipes;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Local;

/// <summary>The engine evaluates behind the checkpoint, goes on where it was stopped, and loses no checkpoint over it.</summary>
public sealed class LocalEvaluationTests : WholeRunTests
{
    private readonly EvaluatedModel _evaluated;

    public LocalEvaluationTests()
        : this(new EvaluatedModel())
    {
    }

    private LocalEvaluationTests(EvaluatedModel evaluated)
        : base(evaluated.Model) => _evaluated = evaluated;

    [Fact]
    public void Workers_ChangeNoBit_AndTheFiguresAreTheCheckpoints()
    {
        Recipe recipe = TinyModel.Preset(RecipePresets.MambaQuant, "W4A8");
        foreach (int workers in new[] { 1, 3 })
        {
            using var backends = new CpuBackends(2);
            string output = $"out-{workers}";
            QuantizeOptions options = Options(recipe, output) with { Workers = workers, Plan = new() { Shards = 2, EvaluationShards = 4 } };
            QuantizeResult result = new LocalEngine(backends, TimeProvider.System).Quantize(options, new StageLog(), CancellationToken.None);
            Assert.Equal(new EvaluationOutcome(_evaluated.Direct(Kernels, null), _evaluated.Direct(Kernels, output)), result.Evaluation);
            Assert.Equal([Stages.Assemble, Stages.EvaluateFloat, Stages.Evaluate], result.Durations.Select(duration => duration.Stage).TakeLast(3));
            Assert.Contains(output, Model.Others);
            Assert.DoesNotContain($"{output}.work", Model.Others);
        }
    }

    [Fact]
    public void SeveralTargets_RunTheFloatModelOnce()
    {
        Recipe[] recipes = [TinyModel.Preset(RecipePresets.RoundToNearest), TinyModel.Preset(RecipePresets.QuaRot)];
        QuantizeOptions options = Options(recipes[0], "several") with
        {
            Targets = [.. recipes.Select(recipe => new QuantizeTarget(recipe, Path.Combine(Model.File("several"), recipe.Name)))],
        };
        var second = new StageLog();
        using LocalRun run = Engine().Begin(options, new StageLog(), CancellationToken.None);
        QuantizeResult first = run.Quantize(options.Targets[0], new StageLog(), CancellationToken.None);
        QuantizeResult other = run.Quantize(options.Targets[1], second, CancellationToken.None);
        run.Complete();

        Assert.DoesNotContain(Stages.EvaluateFloat, second.Names);
        Assert.Equal(first.Evaluation!.Float, other.Evaluation!.Float);
        Assert.Equal(_evaluated.Direct(Kernels, Path.Combine("several", recipes[1].Name)), other.Evaluation.Quantized);
    }

    [Theory]
    [InlineData(Stages.EvaluateFloat, false)]
    [InlineData(Stages.Evaluate, false)]
    [InlineData(Stages.Evaluate, true)]
    public void StoppedEvaluation_LeavesTheCheckpoint_AndGoesOn(string stage, bool dropsIt)
    {
        Recipe recipe = TinyModel.Preset(RecipePresets.RoundToNearest);
        using var source = new CancellationTokenSource();
        Assert.Throws<RunInterruptedException>(() => Engine().Quantize(Options(recipe, "out"), new StageLog(stage, source.Cancel), source.Token));
        Assert.Contains("out", Model.Others);
        Assert.Contains("out.work", Model.Others);
        byte[] written = Model.Files("out")["model.safetensors"];

        // A run that is to go on may want the evaluation no more: the checkpoint is the same.
        var log = new StageLog();
        QuantizeOptions again = Options(recipe, "out") with { Resume = ResumeMode.Required };
        QuantizeResult resumed = Engine().Quantize(dropsIt ? again with { Evaluation = null } : again, log, CancellationToken.None);
        Assert.True(resumed.WasFinished);
        Assert.Equal(dropsIt ? null : _evaluated.Direct(Kernels, "out"), resumed.Evaluation?.Quantized);
        Assert.DoesNotContain(log.Names, name => name is Stages.Quantize or Stages.Assemble or Stages.ObserveTransformed);
        Assert.Equal(written, Model.Files("out")["model.safetensors"]);
        Assert.DoesNotContain("out.work", Model.Others);
    }

    [Fact]
    public void SameRunAgain_FindsTheEvaluation_AndWritesTheCheckpoint()
    {
        var store = new MemoryArtifactStore();
        Recipe recipe = TinyModel.Preset(RecipePresets.RoundToNearest);
        QuantizeResult first = Run(recipe, "first", store), again = Run(recipe, "again", store);
        Assert.Equal(first.Evaluation, again.Evaluation);
        Assert.Equal((1, 0), (again.Counts.Made, again.Counts.Repeated));
        Assert.All(Model.Files("first"), file => Assert.Equal(file.Value, Model.Files("again")[file.Key]));
    }

    [Fact]
    public void DamagedEvaluation_IsMadeAgain_AndReported()
    {
        var store = new MemoryArtifactStore();
        Recipe recipe = TinyModel.Preset(RecipePresets.RoundToNearest);
        QuantizeResult first = Run(recipe, "first", store);
        store.Damage(store.Names.Single(name => name.EndsWith($"/{ItemOutputs.Evaluation}", StringComparison.Ordinal)), 20);
        QuantizeResult again = Run(recipe, "again", store);
        Assert.Equal(first.Evaluation, again.Evaluation);
        Assert.Contains("ReduceEvaluation", Assert.Single(again.Counts.Damaged), StringComparison.Ordinal);
        Assert.Single(Notices);
    }

    [Fact]
    public void EvaluationThatFails_LeavesTheCheckpoint_AndStopsNoOther()
    {
        // Nothing is calibrated, so that nobody meets the overflow before.
        using var model = new EvaluatedModel(synthetic => synthetic with
        {
            Edit = (name, values) =>
            {
                if (name == "backbone.layers.1.mixer.in_proj.weight")
                {
                    Array.Fill(values, 1e30f);
                }
            },
        });
        Recipe[] recipes = [TinyModel.Preset(RecipePresets.RoundToNearest, "W8A16"), TinyModel.Preset(RecipePresets.RoundToNearest, "W4A16")];
        QuantizeOptions options = model.Model.Options(recipes[0], "several") with
        {
            Targets = [.. recipes.Select((recipe, index) => new QuantizeTarget(recipe, Path.Combine(model.Model.File("several"), $"{index}")))],
            Evaluation = new EvaluationTextOptions(model.TextPath) { WindowLength = EvaluatedModel.WindowLength },
        };
        using (LocalRun run = Engine().Begin(options, new StageLog(), CancellationToken.None))
        {
            foreach (QuantizeTarget target in options.Targets)
            {
                QuantizeResult result = run.Quantize(target, new StageLog(), CancellationToken.None);
                Assert.IsType<NumericalException>(result.EvaluationFailure);
                Assert.Null(result.Evaluation);
                Assert.True(File.Exists(Path.Combine(target.OutputPath, "model.safetensors")));
            }

            run.Complete();
        }

        Assert.Equal(["judge.txt", "several"], model.Model.Others);
    }

    [Fact]
    public void EvaluationThatMayYetSucceed_KeepsTheWork()
    {
        Recipe recipe = TinyModel.Preset(RecipePresets.RoundToNearest);
        string text = File.ReadAllText(_evaluated.TextPath);
        QuantizeResult failed = Engine().Quantize(
            Options(recipe, "out"), new StageLog(Stages.Assemble, () => File.AppendAllText(_evaluated.TextPath, "more")), CancellationToken.None);
        Assert.IsType<ChangedInputException>(failed.EvaluationFailure);
        Assert.Contains("out.work", Model.Others);

        File.WriteAllText(_evaluated.TextPath, text);
        QuantizeResult resumed = Engine().Quantize(Options(recipe, "out"), new StageLog(), CancellationToken.None);
        Assert.Equal(_evaluated.Direct(Kernels, "out"), resumed.Evaluation!.Quantized);
        Assert.DoesNotContain("out.work", Model.Others);
    }

    [Fact]
    public void DiskNeed_CountsTheEvaluation()
    {
        using Quant.Models.MambaCheckpoint checkpoint = Quant.Models.MambaCheckpoint.Open(Model.Path);
        Recipe recipe = TinyModel.Preset(RecipePresets.RoundToNearest, "W8A16");
        var store = new MemoryArtifactStore();
        Run(recipe, "out", store);
        long stored = store.Names.Where(name => name.StartsWith(WorkPlan.ItemPrefix, StringComparison.Ordinal))
            .Sum(name => store.HeadAsync(name, default).GetAwaiter().GetResult()!.Length);
        QuantizeOptions options = Options(recipe, "out");
        DiskNeed with = DiskNeed.Of(checkpoint, [recipe], options.Calibration, options.Plan, _evaluated.Tokens.Length, EvaluatedModel.WindowLength);
        DiskNeed without = DiskNeed.Of(checkpoint, [recipe], options.Calibration, options.Plan);
        Assert.True(with.StoreBytes >= stored, $"expected at least {stored}, found {with.StoreBytes}");
        Assert.True(with.StoreBytes - without.StoreBytes >= _evaluated.Tokens.Length * 4 * checkpoint.Config.DModel);
    }

    private protected override QuantizeOptions Options(Recipe recipe, string output) => base.Options(recipe, output) with
    {
        Evaluation = new EvaluationTextOptions(_evaluated.TextPath) { WindowLength = EvaluatedModel.WindowLength },
    };
}
