using System.Collections.Immutable;
using MambaQuant.Pipeline.Execution;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Tests.Local;
using MambaQuant.Quant.Recipes;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Execution;

/// <summary>Items that are stopped in the middle go on where they were, and make the same bytes.</summary>
public sealed class InterruptionTests : IDisposable
{
    private const int Layers = 6;

    private readonly TinyModel _model = new(TinyModel.Synthetic with { Config = TinyModel.Synthetic.Config with { LayerCount = Layers } });
    private readonly OpaqueKernels _kernels = new();
    private readonly Recipe _recipe = TinyModel.Preset(RecipePresets.MambaQuantPortable, "W4A8");

    public void Dispose()
    {
        _kernels.Dispose();
        _model.Dispose();
    }

    [Fact]
    public async Task StoppedPass_GoesOnWhereItWas()
    {
        var store = new MemoryArtifactStore();
        using PlanRun run = Run("out", store, progressLayers: 2);
        WorkItem pass = run.Plan.Find(WorkKind.ObserveOriginal, 0, 0)!;
        await run.RunAsync(item => item.Kind == WorkKind.Tokenize);
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.RunAsync(pass, new StopAtLayer(stop, 5, TokensOf(run)), stop.Token));

        // Stopped in the fifth layer, one behind the last checkpoint: the sixth is all that is left.
        Assert.Equal([WorkPlan.NameOf(pass.Key, ItemOutputs.Progress(5))], store.Names.Where(name => name.Contains("progress", StringComparison.Ordinal)));
        var seen = new ProgressLog();
        await run.RunAsync(pass, seen);
        Assert.Equal(5 * TokensOf(run), seen.Reports[0].Done);
        Assert.Equal(5, seen.Reports[0].Checkpoint);
        Assert.Equal(Layers * TokensOf(run), seen.Reports[^1].Done);
        Assert.DoesNotContain(store.Names, name => name.Contains("progress", StringComparison.Ordinal));
        Assert.True((await run.RunAsync(run.Plan.Find(WorkKind.ObserveMoments, 0, 0)!)).WasDone);
        await AssertSameArtifactsAsync(run, store);
        run.Dispose();
        Assert.Empty(_kernels.LiveTensors);
    }

    [Fact]
    public async Task AbandonedPass_KeepsItsLastCheckpoint()
    {
        var store = new MemoryArtifactStore();
        using PlanRun run = Run("out", store, progressLayers: 2);
        WorkItem pass = run.Plan.Find(WorkKind.ObserveOriginal, 0, 0)!;
        await run.RunAsync(item => item.Kind == WorkKind.Tokenize);
        using var abandon = new CancellationTokenSource();
        using var worker = new WorkExecutor(run.Options);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            worker.ExecuteAsync(pass, new StopAtLayer(abandon, 3, TokensOf(run)), CancellationToken.None, abandon.Token));
        Assert.Contains(WorkPlan.NameOf(pass.Key, ItemOutputs.Progress(2)), store.Names);
        var seen = new ProgressLog();
        await run.RunAsync(pass, seen);
        Assert.Equal(2 * TokensOf(run), seen.Reports[0].Done);
        await AssertSameArtifactsAsync(run, store);
    }

    [Theory]
    [InlineData("progress")]
    [InlineData("statistics-001")]
    public async Task DamagedCheckpoint_IsPassedOver(string part)
    {
        var store = new MemoryArtifactStore();
        using PlanRun run = Run("out", store, progressLayers: 2);
        WorkItem pass = run.Plan.Find(WorkKind.ObserveOriginal, 0, 0)!;
        await run.RunAsync(item => item.Kind == WorkKind.Tokenize);
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.RunAsync(pass, new StopAtLayer(stop, 4, TokensOf(run)), stop.Token));
        string name = store.Names.First(name => name.StartsWith(WorkPlan.NameOf(pass.Key, part), StringComparison.Ordinal));
        if (part == "progress")
        {
            store.Damage(name, 100);
        }
        else
        {
            await store.DeleteAsync(name, CancellationToken.None);
        }

        var seen = new ProgressLog();
        await run.RunAsync(pass, seen);
        Assert.Equal(0, seen.Reports[0].Done);
        await AssertSameArtifactsAsync(run, store);
    }

    [Fact]
    public async Task MomentsThatWereLostInTheMiddle_AreSummedByTheirOwnItem()
    {
        var store = new MemoryArtifactStore();
        using PlanRun run = Run("out", store, progressLayers: 2);
        WorkItem pass = run.Plan.Find(WorkKind.ObserveOriginal, 0, 0)!, moments = run.Plan.Find(WorkKind.ObserveMoments, 0, 0)!;
        await run.RunAsync(item => item.Kind == WorkKind.Tokenize);
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.RunAsync(pass, new StopAtLayer(stop, 4, TokensOf(run)), stop.Token));
        await store.DeleteAsync(WorkPlan.NameOf(moments.Key, ItemOutputs.Statistics(1)), CancellationToken.None);
        await run.RunAsync(pass);
        Assert.False((await run.RunAsync(moments)).WasDone);
        await AssertSameArtifactsAsync(run, store);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task RandomInterruptions_ChangeNoByte(int seed)
    {
        var store = new MemoryArtifactStore();
        using PlanRun run = Run("out", store, progressLayers: 1, blocks: 2, shards: 2);
        using PlanRun whole = Run("whole", new MemoryArtifactStore(), progressLayers: 0, blocks: 2, shards: 2);
        await whole.RunAsync();
        var random = new Random(seed);
        var done = new HashSet<int>();
        int interruptions = 0;
        foreach (WorkItem item in run.Plan.Graph.Items)
        {
            while (!done.Contains(item.Index))
            {
                // A worker lives until something stops it; the next one starts with an empty cache.
                using var worker = new WorkExecutor(run.Options with { ScratchPath = _model.File($"worker-{seed}") });
                using var stop = new CancellationTokenSource();
                using var abandon = new CancellationTokenSource();
                int reports = random.Next(interruptions < 40 ? 12 : int.MaxValue);
                var progress = new StopAfter(random.Next(2) == 0 ? stop : abandon, reports);
                try
                {
                    await worker.ExecuteAsync(item, progress, stop.Token, abandon.Token);
                    done.Add(item.Index);
                }
                catch (OperationCanceledException)
                {
                    interruptions++;
                }
            }
        }

        Assert.True(interruptions > 5, $"{interruptions} interruptions");
        IReadOnlyDictionary<string, byte[]> left = _model.Files("whole"), right = _model.Files("out");
        Assert.All(left, file => Assert.True(file.Value.AsSpan().SequenceEqual(right[file.Key]), file.Key));
        whole.Dispose();
        Assert.Empty(_kernels.LiveTensors);
    }

    [Fact]
    public async Task FinishedItems_AreFoundByOneListing()
    {
        var store = new MemoryArtifactStore();
        using PlanRun run = Run("out", store, progressLayers: 0, shards: 2);
        Assert.Empty(await StoredItems.FindAsync(store, run.Plan, CancellationToken.None));
        await run.RunAsync(item => item.Kind != WorkKind.Quantize);
        ImmutableArray<FinishedItem> found = await StoredItems.FindAsync(store, run.Plan, CancellationToken.None);
        Assert.Equal(
            run.Log.Select(entry => (entry.Item.Index, entry.Result.Checksum)).Order(),
            found.Select(item => (item.Item, item.Checksum)).Order());

        WorkItem pass = run.Plan.Find(WorkKind.ObserveOriginal, 0, 1)!;
        await store.DeleteAsync(WorkPlan.NameOf(pass.Key, ItemOutputs.Statistics(2)), CancellationToken.None);
        ImmutableArray<FinishedItem> left = await StoredItems.FindAsync(store, run.Plan, CancellationToken.None);
        Assert.Equal([pass.Index], found.Except(left).Select(item => item.Item));
    }

    private long TokensOf(PlanRun run) => run.Plan.Grid.Shard(0).Count * TinyModel.SequenceLength;

    private PlanRun Run(string output, MemoryArtifactStore store, int progressLayers, int blocks = 1, int shards = 1) => new(
        _model, _kernels, WorkPlanner.Plan(PlanRun.Request(_model, _kernels, _recipe, blocks, shards)), store, output, progressLayers: progressLayers);

    /// <summary>Everything in a store is what an undisturbed run puts there.</summary>
    private async Task AssertSameArtifactsAsync(PlanRun run, MemoryArtifactStore store)
    {
        var undisturbed = new MemoryArtifactStore();
        using var other = new PlanRun(_model, _kernels, run.Plan, undisturbed, "undisturbed", progressLayers: 0);
        await other.RunAsync(item => item.Kind is WorkKind.Tokenize or WorkKind.ObserveOriginal or WorkKind.ObserveRanges or WorkKind.ObserveMoments);
        Assert.Equal(undisturbed.Names, store.Names);
        foreach (string name in store.Names)
        {
            Assert.Equal((await undisturbed.HeadAsync(name, default))!.Checksum, (await store.HeadAsync(name, default))!.Checksum);
        }
    }

    private sealed class ProgressLog : IProgress<ItemProgress>
    {
        public List<ItemProgress> Reports { get; } = [];

        public void Report(ItemProgress value) => Reports.Add(value);
    }

    /// <summary>Cancels as soon as so many layers are done.</summary>
    private sealed class StopAtLayer(CancellationTokenSource source, int layers, long tokens) : IProgress<ItemProgress>
    {
        public void Report(ItemProgress value)
        {
            if (value.Done >= layers * tokens)
            {
                source.Cancel();
            }
        }
    }

    private sealed class StopAfter(CancellationTokenSource source, int reports) : IProgress<ItemProgress>
    {
        private int _left = reports;

        public void Report(ItemProgress value)
        {
            if (_left-- == 0)
            {
                source.Cancel();
            }
        }
    }
}
