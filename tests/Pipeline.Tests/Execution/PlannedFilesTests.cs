using MambaQuant.Pipeline.Execution;
using MambaQuant.Pipeline.Inputs;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Tests.Local;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Execution;

/// <summary>A worker whose files are not those of the plan makes nothing, and says why.</summary>
public sealed class PlannedFilesTests : IDisposable
{
    private readonly TinyModel _model = new();
    private readonly CpuKernels _kernels = new(new CpuKernelsOptions { Threads = 1 });
    private readonly MemoryArtifactStore _store = new();
    private readonly WorkPlan _plan;

    public PlannedFilesTests()
    {
        _plan = WorkPlanner.Plan(PlanRun.Request(_model, _kernels, TinyModel.Preset(RecipePresets.MambaQuant)));
    }

    public void Dispose()
    {
        _kernels.Dispose();
        _model.Dispose();
    }

    [Theory]
    [InlineData(WorkKind.Tokenize)]
    [InlineData(WorkKind.ObserveOriginal)]
    [InlineData(WorkKind.SearchSmoothing)]
    [InlineData(WorkKind.ObserveTransformed)]
    [InlineData(WorkKind.Quantize)]
    public async Task OtherWeights_AreRefused_ByWhateverReadsThem(WorkKind kind)
    {
        using PlanRun run = Run("out");
        await run.RunAsync(item => item.Kind < kind);
        (TinyModel.Synthetic with { Seed = 8 }).Write(_model.Path);
        string[] before = [.. _store.Names];
        using WorkExecutor other = Other(run);
        ChangedInputException refusal = await Assert.ThrowsAsync<ChangedInputException>(
            () => other.ExecuteAsync(_plan.Graph.Items.First(item => item.Kind == kind), null, default, default));
        Assert.Contains($"{Weights}', tensor 'backbone.", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("has changed since the job was planned, or is another one on this machine: expected SHA-256 ", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(", found SHA-256 ", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("Put the file back", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(WorkFailure.Permanent, FailureKinds.Of(refusal)); // every attempt would find the same
        Assert.Equal(before, _store.Names);
    }

    [Fact]
    public async Task FileThatIsAlteredWhileAWorkerHasItOpen_IsRefusedToo()
    {
        using PlanRun run = Run("out");
        await run.RunAsync(item => item.Kind < WorkKind.Quantize);
        byte[] bytes = await File.ReadAllBytesAsync(Weights);
        bytes.AsSpan(bytes.Length / 2).Fill(1);
        using (FileStream inPlace = new(Weights, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            inPlace.Write(bytes);
        }

        File.SetLastWriteTimeUtc(Weights, File.GetLastWriteTimeUtc(Weights).AddSeconds(1));
        await Assert.ThrowsAsync<ChangedInputException>(() => run.RunAsync(item => item.Kind == WorkKind.Quantize));
    }

    [Fact]
    public async Task FileThatIsRenamedOver_HurtsNobodyWhoHasTheOldOneOpen()
    {
        using PlanRun run = Run("out");
        await run.RunAsync(item => item.Kind < WorkKind.Quantize);
        (TinyModel.Synthetic with { Seed = 8 }).Write(_model.Path);
        WorkItem item = _plan.Graph.Items.First(item => item.Kind == WorkKind.Quantize);

        // Hashes are of open files: what one worker rightly takes for the planned file says nothing of the other's.
        using WorkExecutor other = Other(run, run.Options.Hashes);
        await Assert.ThrowsAsync<ChangedInputException>(() => other.ExecuteAsync(item, null, default, default));
        await run.RunAsync(item);
        await Assert.ThrowsAsync<ChangedInputException>(() => other.ExecuteAsync(_plan.Graph.Items.Last(item => item.Kind == WorkKind.Quantize), null, default, default));
    }

    [Fact]
    public async Task OtherConfiguration_IsRefused()
    {
        using PlanRun run = Run("out");
        string config = Path.Combine(_model.Path, "config.json");
        File.AppendAllText(config, "\n");
        ChangedInputException refusal = await Assert.ThrowsAsync<ChangedInputException>(() => run.RunAsync());
        Assert.Contains($"'{config}' has changed", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tensors_AreReadOnceMore_ByAllWorkersOfAProcess()
    {
        using PlanRun run = Run("out");
        await run.RunAsync();
        Assert.Equal(_plan.Request.Model.Tensors.Count, run.Options.Hashes.TensorReads);

        // Of whole files only the small ones: config.json and what is taken over.
        Assert.Equal(1 + _plan.Request.Model.Companions.Count, run.Options.Hashes.Reads);
    }

    [Fact]
    public async Task WorkerOfOneLayer_ReadsNoOther()
    {
        using PlanRun run = Run("out");
        await run.RunAsync(item => item.Kind < WorkKind.Quantize);
        FileHashes hashes = new();
        using WorkExecutor single = Other(run, hashes);
        await single.ExecuteAsync(_plan.Graph.Items.First(item => item.Kind == WorkKind.Quantize), null, default, default);
        Assert.InRange(hashes.TensorReads, 5, MambaTensors.LayerNames.Length + 1);
    }

    [Fact]
    public async Task ProcessThatPlanned_ReadsNothingAgain()
    {
        var hashes = new FileHashes();
        using (MambaCheckpoint checkpoint = MambaCheckpoint.Open(_model.Path))
        {
            Assert.Equal(_plan.Request.Model.Tensors, ModelIdentity.Of(checkpoint, hashes).Tensors);
        }

        int reads = hashes.Reads;
        using PlanRun run = Run("out");
        using WorkExecutor other = Other(run, hashes);
        foreach (WorkItem item in _plan.Graph.Items)
        {
            await other.ExecuteAsync(item, null, default, default);
        }

        Assert.Equal((0, reads), (hashes.TensorReads, hashes.Reads));
    }

    [Fact]
    public async Task FileThatIsCopiedIntoTheCheckpoint_IsComparedToo()
    {
        using PlanRun run = Run("out");
        await run.RunAsync(item => item.Kind != WorkKind.Assemble);
        string added = Path.Combine(_model.Path, "tokenizer_config.json");
        Assert.False(File.Exists(added));
        File.WriteAllText(added, "{}");
        ChangedInputException refusal = await Assert.ThrowsAsync<ChangedInputException>(() => run.RunAsync(_plan.Graph.Items.First(item => item.Kind == WorkKind.Assemble)));
        Assert.Contains(added, refusal.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_model.File("out")));
    }

    private string Weights => Path.Combine(_model.Path, "model.safetensors");

    private WorkExecutor Other(PlanRun run, FileHashes? hashes = null) =>
        new(run.Options with { ScratchPath = _model.File("second"), Hashes = hashes ?? new FileHashes(), Sink = new FolderCheckpointSink(_model.File("second-out")) });

    private PlanRun Run(string output) => new(_model, _kernels, _plan, _store, output, workers: 2);
}
