using MambaQuant.Pipeline.Execution;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Tests.Local;
using MambaQuant.Quant.Kernels.Cpu;
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
    [InlineData(WorkKind.Assemble)]
    public async Task OtherWeights_AreRefused_ByWhateverReadsThem(WorkKind kind)
    {
        using PlanRun run = Run("out");
        await run.RunAsync(item => item.Kind < kind);
        (TinyModel.Synthetic with { Seed = 8 }).Write(_model.Path);
        string[] before = [.. _store.Names];

        // The worker that has the model open, and one that begins, as on another machine.
        using var second = new WorkExecutor(run.Options with { ScratchPath = _model.File("second"), Hashes = new FileHashes() });
        WorkItem item = _plan.Graph.Items.First(item => item.Kind == kind);
        ChangedInputException[] refusals =
        [
            await Assert.ThrowsAsync<ChangedInputException>(() => run.RunAsync(item)),
            await Assert.ThrowsAsync<ChangedInputException>(() => second.ExecuteAsync(item, null, default, default)),
        ];
        Assert.All(refusals, refusal =>
        {
            Assert.Contains(_model.Path, refusal.Message, StringComparison.Ordinal);
            Assert.Contains($"expected SHA-256 {_plan.Request.Model.Files["model.safetensors"]}, found SHA-256 ", refusal.Message, StringComparison.Ordinal);
            Assert.Contains("Put the file back", refusal.Message, StringComparison.Ordinal);
            Assert.Equal(WorkFailure.Transient, FailureKinds.Of(refusal));
        });
        Assert.Equal(before, _store.Names);
    }

    [Fact]
    public async Task Model_IsReadOnce_ByAllWorkersOfAProcess()
    {
        using PlanRun run = Run("out");
        await run.RunAsync();
        int files = _plan.Request.Model.Files.Count + _plan.Request.Model.Companions.Count;
        Assert.Equal(files, run.Options.Hashes.Reads);
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

    private PlanRun Run(string output) => new(_model, _kernels, _plan, _store, output, workers: 2);
}
