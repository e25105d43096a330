using MambaQuant.Pipeline.Execution;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Tests.Local;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Method;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Tokenization;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Execution;

/// <summary>The items of a plan, whoever runs them and in what order, make the files of a plain loop over the library's calls.</summary>
public sealed class WorkExecutorTests : IDisposable
{
    private readonly TinyModel _model = new(TinyModel.Synthetic with { Config = TinyModel.Synthetic.Config with { LayerCount = 3 } });
    private readonly OpaqueKernels _kernels = new();
    private readonly MemoryArtifactStore _store = new();

    public void Dispose()
    {
        _kernels.Dispose();
        _model.Dispose();
    }

    [Theory]
    [InlineData(RecipePresets.RoundToNearest, "W8A8")]
    [InlineData(RecipePresets.RoundToNearest, "W8A16")]
    [InlineData(RecipePresets.SmoothQuant, "W4A8")]
    [InlineData(RecipePresets.QuaRot, "W4A16")]
    [InlineData(RecipePresets.QuaRot, "W8A16")]
    [InlineData(RecipePresets.MambaQuantPortable, "W4A16")]
    [InlineData(RecipePresets.MambaQuant, "W8A8")]
    [InlineData(RecipePresets.MambaQuant, "W4A8")]
    public async Task OneShard_GivesTheFilesOfThePlainLoop(string preset, string scheme)
    {
        Recipe recipe = TinyModel.Preset(preset, scheme);
        PlainLoop.Run(_kernels, _model, recipe, "loop");
        await RunAsync(recipe, "blocks", blocks: 2, shards: 1);
        AssertSame("loop", "blocks");
        Assert.Empty(_kernels.LiveTensors);
    }

    [Theory]
    [InlineData(RecipePresets.RoundToNearest, "W4A4", true)]
    [InlineData(RecipePresets.QuaRot, "W4A8", false)]
    [InlineData(RecipePresets.SmoothQuant, "W4A4", true)]
    [InlineData(RecipePresets.MambaQuant, "W4A8", false)]
    [InlineData(RecipePresets.MambaQuant, "W4A4", true)]
    public async Task ManyShards_GiveTheFilesOfTheStages_WhateverTheBlocks(string preset, string scheme, bool strict)
    {
        Recipe recipe = TinyModel.Preset(preset, scheme, strict);
        PlainLoop.Run(_kernels, _model, recipe, "stages", shards: 3);
        await RunAsync(recipe, "one", blocks: 1, shards: 3);
        AssertSame("stages", "one");
        await RunAsync(recipe, "three", blocks: 3, shards: 3, seed: 5, workers: 3);
        AssertSame("stages", "three");
        Assert.Empty(_kernels.LiveTensors);
    }

    [Fact]
    public async Task NormSmoothedInTheRotatedBasis_GivesTheFilesOfTheStages()
    {
        Recipe recipe = TinyModel.Preset(RecipePresets.MambaQuant, "W4A8")
            .With(new SmoothingModifier(SmoothingSite.NormToInProj, SmoothingStrength.Fixed(0.5)));
        PlainLoop.Run(_kernels, _model, recipe, "stages", shards: 2);
        await RunAsync(recipe, "items", blocks: 2, shards: 2, workers: 2);
        AssertSame("stages", "items");
    }

    [Theory]
    [InlineData(RecipePresets.SmoothQuant, "W4A4", true)]
    [InlineData(RecipePresets.MambaQuant, "W4A8", false)]
    [InlineData(RecipePresets.RoundToNearest, "W4A16", false)]
    public async Task SequentialGptq_IsAChainOfItems(string preset, string scheme, bool strict)
    {
        Recipe recipe = TinyModel.Preset(preset, scheme, strict).With(new GptqModifier(Sequential: true));
        PlainLoop.RunSequential(_kernels, _model, recipe, "loop");
        await RunAsync(recipe, "one", blocks: null, shards: 1);
        AssertSame("loop", "one");
        await RunAsync(recipe, "two", blocks: 1, shards: 2, workers: 2);
        await RunAsync(recipe, "again", blocks: 2, shards: 2, seed: 3);
        AssertSame("two", "again");
        Assert.Empty(_kernels.LiveTensors);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Text_AndSequencesMadeBefore_CalibrateAsTheyDoInTheLoop(bool given)
    {
        using var folder = new TemporaryDirectory();
        using var kernels = new CpuKernels();
        string sample = Path.Combine(Repository.Root, "samples", "mamba-5m"), text = Path.Combine(sample, "eval.txt");
        string tokenizer = Path.Combine(sample, "tokenizer.json");
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(sample);
        Recipe recipe = RecipePresets.Get(RecipePresets.QuaRot, "W8A8");
        int[] tokens = CalibrationSampler.Tokenize(BytePairTokenizer.Load(tokenizer), TextFile.Read(text));
        CalibrationSet calibration = CalibrationSampler.Sample(tokens, 4, 24, seed: 1, "eval.txt");
        PlainLoop.Run(new MethodContext(kernels, checkpoint, recipe), calibration, shards: 2, given ? null : tokenizer, folder.File("loop"));

        WorkPlan plan = WorkPlanner.Plan(new PlanRequest
        {
            Recipe = recipe,
            Model = ModelIdentity.Of(checkpoint),
            Calibration = new CalibrationIdentity
            {
                Source = "eval.txt",
                Text = given ? null : ContentHash.OfFile(text),
                Tokenizer = given ? null : ContentHash.OfFile(tokenizer),
                Tokens = given ? calibration.Sha256 : null,
                Samples = 4,
                SequenceLength = 24,
                Seed = 1,
            },
            Profile = kernels.Profile,
            Options = new PlanOptions { Blocks = 2, Shards = 2 },
        });
        using var executor = new WorkExecutor(new WorkExecutorOptions
        {
            Plan = plan,
            Store = _store,
            Kernels = kernels,
            Model = ModelFolder.Open(sample),
            ScratchPath = folder.File("scratch"),
            Sink = new FolderCheckpointSink(folder.File("items")),
            Text = given ? null : () => new DiskFile(text),
            Sequences = given ? calibration : null,
        });
        foreach (WorkItem item in plan.Graph.Items)
        {
            await executor.ExecuteAsync(item, null, CancellationToken.None, CancellationToken.None);
        }

        foreach (string path in Directory.GetFiles(folder.File("loop")))
        {
            Assert.True(File.ReadAllBytes(path).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(folder.File("items"), Path.GetFileName(path)))), path);
        }
    }

    [Fact]
    public void WorkerOfAnotherProfile_IsRefused()
    {
        WorkPlan plan = WorkPlanner.Plan(PlanRun.Request(_model, _kernels, TinyModel.Preset(RecipePresets.RoundToNearest)) with { Profile = "another" });
        ArgumentException error = Assert.Throws<ArgumentException>(() => new PlanRun(_model, _kernels, plan, _store, "out"));
        Assert.Contains("another", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UntiedHead_AndCompensatedHead_AgreeWithTheLoop()
    {
        using var untied = new TinyModel(TinyModel.Synthetic with { Config = TinyModel.Synthetic.Config with { TieEmbeddings = false, UseBias = true } });
        foreach (string preset in new[] { RecipePresets.SmoothQuant, RecipePresets.MambaQuant })
        {
            Recipe recipe = TinyModel.Preset(preset, "W4A4", strict: true);
            PlainLoop.Run(_kernels, untied, recipe, preset);
            WorkPlan plan = WorkPlanner.Plan(PlanRun.Request(untied, _kernels, recipe, blocks: 2, shards: 1));
            using var run = new PlanRun(untied, _kernels, plan, _store, $"{preset}-items");
            await run.RunAsync();
            AssertSame(untied, preset, $"{preset}-items");
        }
    }

    [Fact]
    public async Task FirstPassMakesTheMomentsAlong_AndASecondSchemeRepeatsNoItemOfIt()
    {
        await RunAsync(TinyModel.Preset(RecipePresets.MambaQuant, "W8A8"), "first", blocks: 2, shards: 2);
        using PlanRun second = await RunAsync(TinyModel.Preset(RecipePresets.MambaQuant, "W4A8"), "second", blocks: 2, shards: 2);
        WorkKind[] firstPass =
        [
            WorkKind.Tokenize, WorkKind.ObserveOriginal, WorkKind.ReduceOriginal, WorkKind.ObserveRanges, WorkKind.ReduceRanges, WorkKind.ResidualRotation,
        ];
        Assert.All(second.Log.Where(entry => firstPass.Contains(entry.Item.Kind)), entry => Assert.True(entry.Result.WasDone, entry.Item.Label));
        Assert.All(second.Log.Where(entry => entry.Item.Kind == WorkKind.ObserveMoments), entry => Assert.False(entry.Result.WasDone, entry.Item.Label));

        using PlanRun fresh = await RunAsync(TinyModel.Preset(RecipePresets.MambaQuant, "W4A8"), "fresh", blocks: 2, shards: 2, store: new MemoryArtifactStore());
        AssertSame("second", "fresh");
        Assert.All(fresh.Log.Where(entry => entry.Item.Kind is WorkKind.ObserveRanges or WorkKind.ObserveMoments), entry => Assert.True(entry.Result.WasDone, entry.Item.Label));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task LostAndCorruptArtifacts_AreMadeAgain(int seed)
    {
        Recipe recipe = TinyModel.Preset(RecipePresets.MambaQuant, "W4A8");
        PlainLoop.Run(_kernels, _model, recipe, "stages", shards: 2);
        var random = new Random(seed);
        WorkPlan plan = WorkPlanner.Plan(PlanRun.Request(_model, _kernels, recipe, blocks: 3, shards: 2));
        using var run = new PlanRun(_model, _kernels, plan, _store, "out", seed, workers: 2, cacheBytes: 0);
        await run.RunAsync(before: _ =>
        {
            string[] names = [.. _store.Names];
            if (names.Length > 0 && run.Lost.Count < 30)
            {
                string name = names[random.Next(names.Length)];
                if (random.Next(2) == 0)
                {
                    Assert.True(_store.DeleteAsync(name, CancellationToken.None).Result);
                }
                else
                {
                    _store.Damage(name, 0);
                }
            }
        });
        Assert.NotEmpty(run.Lost);
        AssertSame("stages", "out");
        Assert.Empty(_kernels.LiveTensors);
    }

    [Fact]
    public async Task EveryArtifact_IsWhatThePlanSays_AndTheSameWhoeverMakesIt()
    {
        Recipe recipe = TinyModel.Preset(RecipePresets.MambaQuant, "W4A8");
        var other = new MemoryArtifactStore();
        using PlanRun run = await RunAsync(recipe, "one", blocks: 2, shards: 2);
        await RunAsync(recipe, "two", blocks: 2, shards: 2, seed: 9, workers: 3, store: other);
        IEnumerable<string> expected = run.Plan.Graph.Items.Where(item => item.Kind != WorkKind.Assemble)
            .SelectMany(item => run.Plan.OutputsOf(item).Append(ItemOutputs.Receipt).Select(output => WorkPlan.NameOf(item.Key, output)));
        Assert.Equal(expected.Order(StringComparer.Ordinal), _store.Names);
        Assert.Equal(_store.Names, other.Names);
        foreach (string name in _store.Names)
        {
            Assert.Equal((await _store.HeadAsync(name, default))!.Checksum, (await other.HeadAsync(name, default))!.Checksum);
        }
    }

    private async Task<PlanRun> RunAsync(
        Recipe recipe, string output, int? blocks, int? shards, int seed = 1, int workers = 1, MemoryArtifactStore? store = null)
    {
        WorkPlan plan = WorkPlanner.Plan(PlanRun.Request(_model, _kernels, recipe, blocks, shards));
        using var run = new PlanRun(_model, _kernels, plan, store ?? _store, output, seed, workers);
        await run.RunAsync();
        Assert.Equal(plan.Graph.Items.Length, run.Log.Count);
        Assert.All(run.Log, entry => Assert.Empty(entry.Result.Disagreements));
        return run;
    }

    private void AssertSame(string expected, string found) => AssertSame(_model, expected, found);

    private static void AssertSame(TinyModel model, string expected, string found)
    {
        IReadOnlyDictionary<string, byte[]> left = model.Files(expected), right = model.Files(found);
        Assert.Equal(left.Keys.Order(StringComparer.Ordinal), right.Keys.Order(StringComparer.Ordinal));
        Assert.All(left, file => Assert.True(file.Value.AsSpan().SequenceEqual(right[file.Key]), $"{file.Key} of {expected} and {found} differs"));
    }
}
