using MambaQuant.Pipeline.Execution;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Tests.Local;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Recipes;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Execution;

/// <summary>Items that take long on a large model tell how far they are, and end where they are told to.</summary>
public sealed class ItemReportTests : IDisposable
{
    private readonly TinyModel _model = new();
    private readonly CpuKernels _kernels = new(new CpuKernelsOptions { Threads = 1 });

    public void Dispose()
    {
        _kernels.Dispose();
        _model.Dispose();
    }

    [Fact]
    public async Task SearchAndQuantize_TellEveryStep_AndEndBetweenTwo()
    {
        Recipe recipe = TinyModel.Preset(RecipePresets.MambaQuant, "W4A8");
        using var run = new PlanRun(_model, _kernels, WorkPlanner.Plan(PlanRun.Request(_model, _kernels, recipe)), new MemoryArtifactStore(), "out");
        int layers = run.Plan.Grid.Layers;
        int candidates = recipe.Smoothings.Sum(smoothing => smoothing.Strength.IsSearched ? smoothing.Strength.Grid.Length + 1 : 1);
        int modules = recipe.Quantization!.Scheme.Modules.Count(module =>
            module.Value.Weights is not null && run.Plan.Needs is not null && module.Key is not ("embeddings" or "lm_head"));
        await CheckAsync(run, WorkKind.SearchSmoothing, 0, "candidates", candidates);
        await CheckAsync(run, WorkKind.Quantize, 0, "modules", modules);

        // Two tables of one piece each, since a rotation tells them apart.
        await CheckAsync(run, WorkKind.Quantize, layers, "pieces", 2);
    }

    private static async Task CheckAsync(PlanRun run, WorkKind kind, int layer, string unit, int steps)
    {
        WorkItem item = run.Plan.Find(kind, layer)!;
        await run.RunAsync(other => other.Kind < kind);
        using var stop = new CancellationTokenSource();
        var stopped = new Log(stop);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.RunAsync(item, stopped, stop.Token));
        Assert.Single(stopped.Reports);

        var log = new Log(stop: null);
        await run.RunAsync(item, log);
        Assert.All(log.Reports, report => Assert.Equal((item.Index, unit, (long)steps), (report.Item, report.Unit, report.Total)));
        Assert.Equal(log.Reports.Select(report => report.Done).Order(), log.Reports.Select(report => report.Done));
        Assert.Equal(steps, log.Reports.Select(report => report.Done).Distinct().Count());
    }

    /// <summary>Keeps every report; the first may stop the item.</summary>
    private sealed class Log(CancellationTokenSource? stop) : IProgress<ItemProgress>
    {
        public List<ItemProgress> Reports { get; } = [];

        public void Report(ItemProgress value)
        {
            Reports.Add(value);
            stop?.Cancel();
        }
    }
}
