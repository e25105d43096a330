using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Execution;
using MambaQuant.Pipeline.Inputs;
using MambaQuant.Pipeline.Local;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Tests.Local;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Execution;

/// <summary>A job whose workers have nothing but the store makes the checkpoint that the embedded engine makes.</summary>
public sealed class StoredJobTests : IDisposable
{
    private readonly TinyModel _model = new();
    private readonly CpuKernels _kernels = new(new CpuKernelsOptions { Threads = 1 });
    private readonly MemoryArtifactStore _store = new();
    private readonly Recipe _recipe = TinyModel.Preset(RecipePresets.RoundToNearest);

    public void Dispose()
    {
        _kernels.Dispose();
        _model.Dispose();
    }

    [Fact]
    public async Task WorkersWithNothingButTheStore_MakeTheBytesOfTheEmbeddedEngine()
    {
        Recipe recipe = TinyModel.Preset(RecipePresets.MambaQuant);
        _model.Quantize(_kernels, recipe, "local");
        WorkPlan plan = WorkPlanner.Plan(PlanRun.Request(_model, _kernels, recipe));
        JobRequest request = await SubmitAsync(plan);

        // Nothing of the folder is needed any more.
        Directory.Move(_model.Path, _model.File("moved"));
        // One pass over the original model makes its ranges, too.
        Assert.Equal(plan.Graph.Items.Length - 1, await RunAsync(await StoredPlans.ReadAsync(_store, plan.Id, default), request));
        Assert.Equal(0, await RunAsync(plan, request));
        Assert.DoesNotContain(_store.Names, name => name.EndsWith("run.json", StringComparison.Ordinal));
        Assert.Equal(plan.Graph.Items.Length, (await StoredItems.FindAsync(_store, plan, default)).Length);
        Assert.Empty((await StoreGarbage.FindAsync(_store, new HashSet<string>(), default)).All);

        long bytes = await CheckpointDownload.RunAsync(_store, plan, _model.File("downloaded"), () => "{}", null, default);
        Assert.Equal(_model.Files("local"), _model.Files("downloaded"));
        Assert.Equal(bytes, _model.Files("downloaded").Values.Sum(file => file.Length));
        Assert.Equal("{}", File.ReadAllText(Path.Combine(_model.File("downloaded"), "run.json")));
    }

    [Fact]
    public async Task TextInTheStore_IsReadAsTheOneInAFile()
    {
        string sample = Path.Combine(Repository.Root, "samples", "mamba-5m"), text = _model.File("text.txt");
        File.WriteAllText(text, string.Concat(Enumerable.Range(0, 60).Select(line => $"The quick brown fox number {line} jumps over the lazy dog.\n")));
        Recipe recipe = RecipePresets.Get(RecipePresets.RoundToNearest, "W8A8");
        QuantizeOptions options = QuantizeOptions.Of(sample, _model.File("local"), recipe) with
        {
            Calibration = new CalibrationOptions { Source = text, Samples = 2, SequenceLength = 16, Seed = 1 },
        };
        new LocalEngine(_kernels, TimeProvider.System).Quantize(options, new StageLog(), default);
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(sample);
        WorkPlan plan = WorkPlanner.Plan(new PlanRequest
        {
            Recipe = recipe,
            Model = ModelIdentity.Of(checkpoint),
            Calibration = options.Calibration.Identify(sample, null),
            Profile = _kernels.Profile,
        });
        var upload = new InputUpload(_store);
        InputPlace model = await upload.PutModelAsync(checkpoint.Source, plan.Request.Model, null, default);
        InputPlace place = await upload.PutTextAsync(() => new DiskFile(text), new InputFile("text.txt", plan.Request.Calibration.Text!), null, default);
        await RunAsync(plan, new JobRequest { Job = plan.Id, Name = "sample", Order = 1, Model = model, Text = place });
        await CheckpointDownload.RunAsync(_store, plan, _model.File("downloaded"), null, null, default);
        Assert.Equal(_model.Files("local"), _model.Files("downloaded"));
    }

    [Fact]
    public async Task SameWeightsInOtherFiles_ShareAllWorkButTheCheckpoint()
    {
        WorkPlan plan = WorkPlanner.Plan(PlanRun.Request(_model, _kernels, _recipe));
        await RunAsync(plan, await SubmitAsync(plan));
        string sharded = _model.File("sharded");
        ModelCopies.Reshard(_model.Path, sharded, fileBytes: 3000);
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(sharded);
        Assert.True(checkpoint.Tensors.Files.Count > 2);
        WorkPlan other = WorkPlanner.Plan(plan.Request with { Model = ModelIdentity.Of(checkpoint) });
        Assert.NotEqual(plan.Id, other.Id);

        // Only the manifest names files.
        Assert.Equal(1, await RunAsync(other, new JobRequest { Job = other.Id, Name = "sharded", Order = 2, Model = InputPlace.Mounted(sharded), Text = InputPlace.Self }));
    }

    [Fact]
    public async Task MountedFolderThatChangedSinceThePlan_IsRefused()
    {
        WorkPlan plan = WorkPlanner.Plan(PlanRun.Request(_model, _kernels, _recipe));
        var request = new JobRequest { Job = plan.Id, Name = "tiny", Order = 1, Model = InputPlace.Mounted(_model.Path), Text = InputPlace.Self };
        (TinyModel.Synthetic with { Seed = 8 }).Write(_model.Path);
        ChangedInputException refusal = await Assert.ThrowsAsync<ChangedInputException>(() => RunAsync(plan, request));
        Assert.Contains(_model.Path, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("has changed since the job was planned, or is another one on this machine: expected SHA-256 ", refusal.Message, StringComparison.Ordinal);
        Assert.Empty(_store.Names);
    }

    [Fact]
    public async Task LocalRunInTheStoreOfACluster_WritesItsOwnCheckpoint()
    {
        WorkPlan plan = WorkPlanner.Plan(PlanRun.Request(_model, _kernels, _recipe));
        await RunAsync(plan, await SubmitAsync(plan));
        QuantizeOptions options = _model.Options(_recipe, "local") with { OpenStore = _ => Task.FromResult<IArtifactStore>(_store) };
        QuantizeResult result = new LocalEngine(_kernels, TimeProvider.System).Quantize(options, new StageLog(), default);
        Assert.Equal(plan.Graph.Items.Length - 1, result.Counts.Reused);
        await CheckpointDownload.RunAsync(_store, plan, _model.File("downloaded"), null, null, default);
        Assert.Equal(_model.Files("local"), _model.Files("downloaded"));
    }

    [Fact]
    public async Task DamagedCheckpoint_IsFoundByTheDownload_AndMadeAgain()
    {
        WorkPlan plan = WorkPlanner.Plan(PlanRun.Request(_model, _kernels, _recipe));
        JobRequest request = await SubmitAsync(plan);
        string output = _model.File("downloaded");
        ArtifactNotFoundException early = await Assert.ThrowsAsync<ArtifactNotFoundException>(() => CheckpointDownload.RunAsync(_store, plan, output, null, null, default));
        Assert.Contains($"job {plan.Id} has no checkpoint in memory", early.Message, StringComparison.Ordinal);
        await RunAsync(plan, request);

        string weights = _store.Names.Single(name => name.EndsWith("checkpoint/model.safetensors", StringComparison.Ordinal));
        _store.Damage(weights, 100);
        CorruptArtifactException damage = await Assert.ThrowsAsync<CorruptArtifactException>(() => CheckpointDownload.RunAsync(_store, plan, output, null, null, default));
        Assert.Contains("'model.safetensors' of the checkpoint of job", damage.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("downloaded", _model.Others);
        Assert.DoesNotContain("downloaded.partial", _model.Others);
        Assert.Equal(1, await RunAsync(plan, request));
        await CheckpointDownload.RunAsync(_store, plan, output, null, null, default);
        await Assert.ThrowsAsync<OutputDirectoryException>(() => CheckpointDownload.RunAsync(_store, plan, output, null, null, default));
    }

    [Fact]
    public async Task CheckpointOfWhichAFileIsLost_CountsAsNotDone()
    {
        WorkPlan plan = WorkPlanner.Plan(PlanRun.Request(_model, _kernels, _recipe));
        JobRequest request = await SubmitAsync(plan);
        await RunAsync(plan, request);
        string lost = _store.Names.Single(name => name.EndsWith("checkpoint/manifest.json", StringComparison.Ordinal));
        await _store.DeleteAsync(lost, default);
        List<string> heard = [];
        Assert.Equal(plan.Graph.Items.Length - 1, (await StoredItems.FindAsync(_store, plan, (item, fault) => heard.Add(fault), default)).Length);
        Assert.Equal([$"'{lost}' of store 'memory' is missing"], heard);
        Assert.Equal(1, await RunAsync(plan, request));
        Assert.Equal(plan.Graph.Items.Length, (await StoredItems.FindAsync(_store, plan, default)).Length);
    }

    [Fact]
    public async Task Download_CanBeStopped_AndLeavesNothing()
    {
        WorkPlan plan = WorkPlanner.Plan(PlanRun.Request(_model, _kernels, _recipe));
        await RunAsync(plan, await SubmitAsync(plan));
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => CheckpointDownload.RunAsync(
            _store, plan, _model.File("downloaded"), null, new Heard(_ => stop.Cancel()), stop.Token));
        Assert.DoesNotContain(_model.Others, name => name.StartsWith("downloaded", StringComparison.Ordinal));
    }

    /// <summary>What a client does.</summary>
    private async Task<JobRequest> SubmitAsync(WorkPlan plan)
    {
        await StoredPlans.PutAsync(_store, plan, default);
        InputPlace model = await new InputUpload(_store).PutModelAsync(ModelFolder.Open(_model.Path), plan.Request.Model, null, default);
        return await StoredRequests.PutAsync(_store, new JobRequest { Job = plan.Id, Name = "tiny", Order = 1, Model = model, Text = InputPlace.Self }, default);
    }

    /// <summary>What a worker does; gives how many items it made.</summary>
    private async Task<int> RunAsync(WorkPlan plan, JobRequest request)
    {
        JobInputs inputs = JobInputs.Open(_store, plan, request);
        using var executor = new WorkExecutor(new WorkExecutorOptions
        {
            Plan = plan,
            Store = _store,
            Kernels = _kernels,
            Model = inputs.Model,
            Text = inputs.Text,
            EvaluationText = inputs.EvaluationText,
            ScratchPath = _model.File("scratch"),
            Sink = new StoreCheckpointSink(_model.File("scratch-checkpoint")),
        });
        int made = 0;
        foreach (WorkItem item in plan.Graph.Items)
        {
            WorkResult result = await executor.ExecuteAsync(item, null, default, default);
            Assert.Empty(result.Disagreements);
            made += result.WasDone ? 0 : 1;
        }

        return made;
    }

    private sealed class Heard(Action<DownloadProgress> hear) : IProgress<DownloadProgress>
    {
        public void Report(DownloadProgress value) => hear(value);
    }
}
