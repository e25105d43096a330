using System.Text.Json;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Local;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Recipes;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Local;

/// <summary>Workers, stores, several targets, and what a run does about an earlier one.</summary>
public sealed class LocalRunTests : WholeRunTests
{
    [Fact]
    public void Workers_ChangeNoByte()
    {
        Recipe recipe = TinyModel.Preset(RecipePresets.MambaQuant, "W4A8");
        foreach (int workers in new[] { 1, 2, 8 })
        {
            using var backends = new CpuBackends(2);
            QuantizeOptions options = Model.Options(recipe, $"workers-{workers}") with { Workers = workers, Plan = new() { Blocks = 2, Shards = 3 } };
            QuantizeResult result = new LocalEngine(backends, TimeProvider.System).Quantize(options, new StageLog(), CancellationToken.None);
            Assert.Equal((0, 0), (result.Counts.Reused, result.Counts.Repeated));
            Assert.Equal(workers, RunFile($"workers-{workers}").GetProperty("workers").GetInt32());
        }

        AssertSame("workers-1", "workers-2");
        AssertSame("workers-1", "workers-8");
    }

    [Fact]
    public void SecondScheme_RepeatsNoItemOfTheFirstPass()
    {
        var store = new MemoryArtifactStore();
        Run(TinyModel.Preset(RecipePresets.MambaQuant), "first", store);
        string[] before = Items(store, "ObserveOriginal", "ResidualRotation", "Tokenize");
        QuantizeResult second = Run(TinyModel.Preset(RecipePresets.MambaQuant, "W4A8"), "second", store);

        Assert.Equal(before, Items(store, "ObserveOriginal", "ResidualRotation", "Tokenize"));
        Assert.True(second.Counts.Reused >= before.Length);
        Run(TinyModel.Preset(RecipePresets.MambaQuant, "W4A8"), "alone", new MemoryArtifactStore());
        AssertSame("alone", "second");
    }

    [Fact]
    public void SameRunAgain_ReusesEverythingButTheCheckpoint()
    {
        var store = new MemoryArtifactStore();
        Recipe recipe = TinyModel.Preset(RecipePresets.MambaQuant, "W4A8");
        Run(recipe, "first", store);
        QuantizeResult again = Run(recipe, "again", store);

        Assert.Equal((1, 0), (again.Counts.Made, again.Counts.Repeated));
        Assert.Equal([], again.Durations.Select(duration => duration.Stage).Except([Stages.Prepare, Stages.Assemble]));
        AssertSame("first", "again");
        Assert.Empty(Notices);
    }

    [Fact]
    public void SeveralTargets_ShareWhatTheyHaveInCommon_AndAreTheSameAsAlone()
    {
        QuantizeOptions options = Several(RecipePresets.QuaRot, RecipePresets.MambaQuant);
        var results = new List<QuantizeResult>();
        using (LocalRun run = Engine().Begin(options, new StageLog(), CancellationToken.None))
        {
            results.AddRange(options.Targets.Select(target => run.Quantize(target, new StageLog(), CancellationToken.None)));
            run.Complete();
        }

        Assert.True(results[1].Counts.Reused > 0);
        Assert.Equal(["several"], Model.Others);
        Run(options.Targets[1].Recipe, "alone", store: null);
        AssertSame("alone", Path.Combine("several", RecipePresets.MambaQuant));
    }

    [Fact]
    public void InterruptedRunOfSeveral_LeavesTheFinishedOne_AndGoesOnWithTheNext()
    {
        QuantizeOptions options = Several(RecipePresets.QuaRot, RecipePresets.MambaQuant);
        using (LocalRun run = Engine().Begin(options, new StageLog(), CancellationToken.None))
        {
            run.Quantize(options.Targets[0], new StageLog(), CancellationToken.None);
        }

        Assert.Equal(["several", "several.work"], Model.Others);
        byte[] finished = Model.Files(Path.Combine("several", RecipePresets.QuaRot))["model.safetensors"];
        using (LocalRun run = Engine().Begin(options, new StageLog(), CancellationToken.None))
        {
            QuantizeResult first = run.Quantize(options.Targets[0], new StageLog(), CancellationToken.None);
            Assert.True(first.WasFinished);
            Assert.Equal(finished.Length, first.QuantizedBytes);
            Assert.False(run.Quantize(options.Targets[1], new StageLog(), CancellationToken.None).WasFinished);
            run.Complete();
        }

        Assert.Equal(["several"], Model.Others);
    }

    [Theory]
    [InlineData("scheme", "recipe")]
    [InlineData("seed", "seed")]
    [InlineData("samples", "4")]
    [InlineData("shards", "shards")]
    [InlineData("model", "model file model.safetensors")]
    public void OtherRun_IsRefused_AndTheDifferenceNamed(string change, string named)
    {
        Recipe recipe = TinyModel.Preset(RecipePresets.MambaQuant);
        Interrupt(recipe);
        QuantizeOptions options = Model.Options(recipe);
        switch (change)
        {
            case "scheme":
                options = Model.Options(TinyModel.Preset(RecipePresets.MambaQuant, "W4A8"));
                break;
            case "seed":
                options = Model.Options(recipe, seed: 9);
                break;
            case "samples":
                options = options with { Calibration = options.Calibration with { Samples = 4 } };
                break;
            case "shards":
                options = options with { Plan = new() { Shards = 2 } };
                break;
            default:
                (TinyModel.Synthetic with { Seed = 8 }).Write(Model.Path);
                break;
        }

        ResumeException refusal = Assert.Throws<ResumeException>(() => Engine().Quantize(options, new StageLog(), CancellationToken.None));
        Assert.Contains("belongs to another run", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(named, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("--resume never", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(["out.work"], Model.Others);

        // And that next step works.
        Assert.Equal(0, Engine().Quantize(options with { Resume = ResumeMode.Never }, new StageLog(), CancellationToken.None).Counts.Reused);
        Assert.Equal(["out"], Model.Others);
    }

    [Fact]
    public void RequiredResume_WantsAnInterruptedRun()
    {
        Recipe recipe = TinyModel.Preset(RecipePresets.RoundToNearest);
        QuantizeOptions options = Model.Options(recipe) with { Resume = ResumeMode.Required };
        ResumeException refusal = Assert.Throws<ResumeException>(() => Engine().Quantize(options, new StageLog(), CancellationToken.None));
        Assert.Contains("no interrupted run", refusal.Message, StringComparison.Ordinal);
        Assert.Empty(Model.Others);

        Interrupt(recipe);
        Assert.True(Engine().Quantize(options, new StageLog(), CancellationToken.None).Counts.Reused > 0);
    }

    [Fact]
    public void DamagedPlans_AreRefused()
    {
        Recipe recipe = TinyModel.Preset(RecipePresets.RoundToNearest);
        Interrupt(recipe);
        foreach (string file in Directory.EnumerateFiles(Model.File("out.work/plans")))
        {
            File.WriteAllText(file, "{");
        }

        ResumeException refusal = Assert.Throws<ResumeException>(() => Run(recipe, "out", store: null));
        Assert.Contains("damaged", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OutputThatIsBeingWritten_IsRefused()
    {
        QuantizeOptions options = Model.Options(TinyModel.Preset(RecipePresets.RoundToNearest));
        using LocalRun first = Engine().Begin(options, new StageLog(), CancellationToken.None);
        ResumeException refusal = Assert.Throws<ResumeException>(() => Engine().Begin(options, new StageLog(), CancellationToken.None));
        Assert.Contains("another run is writing", refusal.Message, StringComparison.Ordinal);
        first.Quantize(options.Targets[0], new StageLog(), CancellationToken.None);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ArtifactAlteredBetweenTwoRuns_IsFound_MadeAgain_AndReported(bool truncates)
    {
        string store = Model.File("store");
        Recipe recipe = TinyModel.Preset(RecipePresets.MambaQuant, "W4A8");
        Run(recipe, "first", DirectoryArtifactStore.OpenOrCreate(store));

        // The layer is read by the checkpoint only, which lies outside the store and is always made.
        string layer = Directory.EnumerateFiles(store, "layer.sealed", SearchOption.AllDirectories).First();
        byte[] bytes = File.ReadAllBytes(layer);
        bytes[100] ^= 4;
        File.WriteAllBytes(layer, truncates ? bytes[..^10] : bytes);

        QuantizeResult again = Run(recipe, "again", DirectoryArtifactStore.OpenOrCreate(store));
        AssertSame("first", "again");
        Assert.Contains("Quantize", Assert.Single(again.Counts.Damaged), StringComparison.Ordinal);
        Assert.Contains("is made again", Assert.Single(Notices), StringComparison.Ordinal);
        JsonElement run = RunFile("again");
        Assert.Contains("Quantize", Assert.Single(run.GetProperty("damaged").EnumerateArray()).GetString(), StringComparison.Ordinal);

        // The layer, and the checkpoint, which had begun where the damage was found in its middle.
        Assert.Equal(truncates ? 1 : 2, run.GetProperty("items").GetProperty("repeated").GetInt32());
    }

    [Fact]
    public void DamageDeepInTheGraph_IsMadeAgainFromThere()
    {
        var store = new MemoryArtifactStore();
        Recipe recipe = TinyModel.Preset(RecipePresets.MambaQuant, "W4A8");
        Run(recipe, "first", store);
        foreach (string name in store.Names.Where(name => name.EndsWith("/layer", StringComparison.Ordinal) || name.Contains("/statistics-", StringComparison.Ordinal)))
        {
            store.Damage(name, 9);
        }

        Assert.True(Run(recipe, "again", store).Counts.Damaged.Length >= 2);
        AssertSame("first", "again");
    }

    [Fact]
    public void FullStore_EndsTheRun_AndWithRoomItGoesOn()
    {
        Recipe recipe = TinyModel.Preset(RecipePresets.MambaQuant);
        var store = new MemoryArtifactStore();
        bool isFull = true;
        var faulty = new FaultyStore(store, name =>
            isFull && name.EndsWith("/choice", StringComparison.Ordinal) ? new ArtifactStoreException("store 'memory' is full (writing a choice)") : null);
        ArtifactStoreException failure = Assert.Throws<ArtifactStoreException>(() => Run(recipe, "out", faulty, mayRecover: false));
        Assert.Contains("is full", failure.Message, StringComparison.Ordinal);
        Assert.Equal(["out.work"], Model.Others);

        isFull = false;
        Assert.True(Run(recipe, "out", faulty).Counts.Reused > 0);
        Assert.Equal(["out"], Model.Others);
    }

    [Fact]
    public void StoreThatRecovers_IsTriedAgain()
    {
        int failures = 0;
        var faulty = new FaultyStore(new MemoryArtifactStore(), name =>
            name.EndsWith("/rotation", StringComparison.Ordinal) && failures++ < 1 ? new ArtifactStoreException("no answer") : null);
        QuantizeResult result = Run(TinyModel.Preset(RecipePresets.MambaQuant), "out", faulty);
        Assert.Equal(1, result.Counts.Repeated);
        Assert.Contains("is tried again: no answer", Assert.Single(Notices), StringComparison.Ordinal);
    }

    [Fact]
    public void JournalThatRecovers_IsTriedAgain()
    {
        int failures = 0;
        var faulty = new FaultyStore(new MemoryArtifactStore(), name =>
            name.Contains("/journal/", StringComparison.Ordinal) && failures++ == 3 ? new ArtifactStoreException("no answer") : null);
        QuantizeResult result = Run(TinyModel.Preset(RecipePresets.MambaQuant), "out", faulty);
        Assert.True(failures > 4);
        Assert.Equal(0, result.Counts.Repeated);
        Assert.Contains("the journal is tried again: no answer", Assert.Single(Notices), StringComparison.Ordinal);
    }

    [Fact]
    public void StoreThatMayNotBeWritten_SaysSo()
    {
        ArtifactStoreException failure = Assert.Throws<ArtifactStoreException>(() => Engine().Quantize(
            Model.Options(TinyModel.Preset(RecipePresets.RoundToNearest)) with { OpenStore = _ => Task.FromResult<IArtifactStore>(DirectoryArtifactStore.OpenOrCreate("/proc/store")) },
            new StageLog(),
            CancellationToken.None));
        Assert.Contains("/proc/store", failure.Message, StringComparison.Ordinal);
        Assert.Empty(Model.Others);
    }

    [Fact]
    public async Task TwoRunsInOneStoreAtOnce_BothFinish()
    {
        var store = new MemoryArtifactStore();
        Recipe recipe = TinyModel.Preset(RecipePresets.MambaQuant, "W4A8");
        using var kernels = new CpuKernels(new CpuKernelsOptions { Threads = 1 });
        Task<QuantizeResult>[] runs =
        [
            Task.Run(() => Run(recipe, "one", store)),
            Task.Run(() => Run(recipe, "two", store, engine: new LocalEngine(kernels, TimeProvider.System))),
        ];
        await Task.WhenAll(runs);
        AssertSame("one", "two");
        Assert.DoesNotContain(Notices, notice => notice.Contains("different bytes", StringComparison.Ordinal));
    }

    [Fact]
    public void DamagedJournal_IsRemoved_AndNothingOfItsRunIsMadeAgain()
    {
        var store = new MemoryArtifactStore();
        Recipe recipe = TinyModel.Preset(RecipePresets.RoundToNearest);
        Run(recipe, "first", store);
        store.Damage(store.Names.First(name => name.Contains("/journal/", StringComparison.Ordinal)), 3);
        QuantizeResult second = Run(recipe, "second", store);
        AssertSame("first", "second");
        Assert.Equal(1, second.Counts.Made);
        string notice = Assert.Single(Notices);
        Assert.StartsWith("the journal of an earlier run cannot be read, and begins anew; what that run made is kept: 'jobs/", notice, StringComparison.Ordinal);
        Assert.DoesNotContain("Delete it", notice, StringComparison.Ordinal);
    }

    [Fact]
    public void ClockThatJumps_DoesNoHarm()
    {
        var clock = new JumpingClock();
        Recipe recipe = TinyModel.Preset(RecipePresets.MambaQuant);
        int reports = 0;
        QuantizeResult result = new LocalEngine(Kernels, clock).Quantize(Model.Options(recipe, "jumped"), new Jumps(() => clock.Jump(TimeSpan.FromHours(reports++ % 2 == 0 ? 7 : -30))), CancellationToken.None);
        Assert.Equal(0, result.Counts.Repeated);
        Run(recipe, "steady", store: null);
        AssertSame("steady", "jumped");
    }

    /// <summary>Stops a run in the middle.</summary>
    private void Interrupt(Recipe recipe)
    {
        using var source = new CancellationTokenSource();
        RunInterruptedException stopped = Assert.Throws<RunInterruptedException>(() =>
            Engine().Quantize(Model.Options(recipe), new StageLog(Stages.Quantize, source.Cancel), source.Token));
        Assert.Equal(Model.File("out.work"), stopped.WorkPath);
        Assert.Equal(["out.work"], Model.Others);
    }

    private QuantizeOptions Several(params string[] presets) => Model.Options(TinyModel.Preset(presets[0]), "several") with
    {
        Targets = [.. presets.Select(preset => new QuantizeTarget(TinyModel.Preset(preset), Model.File(Path.Combine("several", preset))))],
    };

    private static string[] Items(MemoryArtifactStore store, params string[] kinds) =>
    [
        .. store.Names.Where(name => name.EndsWith("/receipt", StringComparison.Ordinal))
            .Where(name =>
            {
                using Stream stream = store.OpenReadAsync(name, 0, null, CancellationToken.None).GetAwaiter().GetResult();
                using JsonDocument receipt = JsonDocument.Parse(stream);
                return kinds.Contains(receipt.RootElement.GetProperty("Label").GetString()!.Split(' ')[0]);
            }),
    ];
}
