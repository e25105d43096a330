using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Execution;
using MambaQuant.Pipeline.Local;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Tests.Execution;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Recipes;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Local;

public sealed class LocalJobTests : IDisposable
{
    private const int Layers = 8;

    private readonly TinyModel _model = new(TinyModel.Synthetic with { Config = TinyModel.Synthetic.Config with { LayerCount = Layers } });
    private readonly CpuKernels _kernels = new(new CpuKernelsOptions { Threads = 1 });
    private readonly MemoryArtifactStore _store = new();

    public void Dispose()
    {
        _kernels.Dispose();
        _model.Dispose();
    }

    [Theory]
    [InlineData(1)] // a checkpoint behind every layer: each attempt gets one layer further, and may fail more often than an item that stands still
    [InlineData(0)] // none
    public async Task ItemThatFailsAgainAndAgain_EndsTheJob_UnlessItGetsFurther(int progressLayers)
    {
        WorkPlan plan = WorkPlanner.Plan(PlanRun.Request(_model, _kernels, TinyModel.Preset(RecipePresets.MambaQuant), blocks: 1, shards: 1));
        WorkItem pass = plan.Graph.Items.First(item => item.Kind == WorkKind.ObserveOriginal);
        HashSet<string> failed = [];
        var faulty = new FaultyStore(_store, name => name.StartsWith(WorkPlan.NameOf(pass.Key, "statistics-"), StringComparison.Ordinal) && failed.Add(name)
            ? new ArtifactStoreException("no answer")
            : null);
        Assert.True(Layers > new SchedulerOptions().RetryLimit);

        Task running = RunAsync(plan, faulty, progressLayers);

        if (progressLayers == 0)
        {
            Assert.Equal("no answer", (await Assert.ThrowsAsync<ArtifactStoreException>(() => running)).Message);
            return;
        }

        await running;
        SchedulerState state = (await Journal.ReplayAsync(_store, plan.Id, plan.Graph, default)).State;
        Assert.Equal(JobStatus.Finished, state.Status);
        Assert.Equal(Layers + 1, state.AttemptsOf(pass.Index));
    }

    private async Task RunAsync(WorkPlan plan, IArtifactStore store, int progressLayers)
    {
        var time = new HurriedClock();
        var log = new LocalJobLog(new StageClock(new StageLog(), time), new JobWatch(plan, "a store", time), notice: null) { StoreMayRecover = true };
        await new LocalJob(plan, store, log).RunAsync(
            1,
            new SingleBackend(_kernels),
            worker => new WorkExecutor(new WorkExecutorOptions
            {
                Plan = plan,
                Store = store,
                Kernels = _kernels,
                Model = ModelFolder.Open(_model.Path),
                ScratchPath = _model.File($"scratch-{progressLayers}-{worker}"),
                Sink = new FolderCheckpointSink(_model.File($"out-{progressLayers}")),
                ProgressLayers = progressLayers,
            }),
            time,
            CancellationToken.None);
    }
}
