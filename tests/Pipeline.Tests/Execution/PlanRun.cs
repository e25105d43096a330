using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Execution;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Tests.Local;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Testing;

namespace MambaQuant.Pipeline.Tests.Execution;

/// <summary>Runs a plan item by item with several workers, in a random order that heeds the needs, and makes lost inputs again.</summary>
internal sealed class PlanRun : IDisposable
{
    private readonly TinyModel _model;
    private readonly List<WorkExecutor> _workers = [];
    private readonly HashSet<int> _done = [];
    private readonly Random _random;

    public PlanRun(TinyModel model, IKernels kernels, WorkPlan plan, IArtifactStore store, string output, int seed = 1, int workers = 1, long cacheBytes = 1 << 20, int? progressLayers = null, string? evaluationText = null)
    {
        _model = model;
        _random = new Random(seed);
        Plan = plan;
        Store = store;
        Options = new WorkExecutorOptions
        {
            Plan = plan,
            Store = store,
            Kernels = kernels,
            Model = ModelFolder.Open(model.Path),
            ScratchPath = model.File($"{output}.work"),
            Sink = new FolderCheckpointSink(model.File(output)),
            CacheBytes = cacheBytes,
            ProgressLayers = progressLayers,
            EvaluationText = evaluationText is null ? null : () => new DiskFile(evaluationText),
        };
        for (int worker = 0; worker < workers; worker++)
        {
            _workers.Add(new WorkExecutor(Options with { ScratchPath = model.File($"{output}.work-{worker}") }));
        }
    }

    public WorkPlan Plan { get; }

    public IArtifactStore Store { get; }

    public WorkExecutorOptions Options { get; }

    /// <summary>Every item that ended well, in order, with what became of it.</summary>
    public List<(WorkItem Item, WorkResult Result)> Log { get; } = [];

    /// <summary>Items whose outputs were found missing or corrupt.</summary>
    public List<int> Lost { get; } = [];

    public static PlanRequest Request(TinyModel model, IKernels kernels, Recipe recipe, int? blocks = null, int? shards = null, ulong seed = 1)
    {
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(model.Path);
        return new PlanRequest
        {
            Recipe = recipe,
            Model = ModelIdentity.Of(checkpoint),
            Calibration = new CalibrationIdentity
            {
                Source = CalibrationIdentity.SelfSource,
                Samples = TinyModel.Samples,
                SequenceLength = TinyModel.SequenceLength,
                SearchSamples = 4,
                Seed = seed,
            },
            Profile = kernels.Profile,
            Options = new PlanOptions { Blocks = blocks, Shards = shards },
        };
    }

    /// <summary>Runs everything that is not done, but for what the filter leaves out.</summary>
    public async Task RunAsync(Func<WorkItem, bool>? wanted = null, Action<WorkItem>? before = null)
    {
        while (Ready(wanted) is { Count: > 0 } ready)
        {
            WorkItem item = ready[_random.Next(ready.Count)];
            before?.Invoke(item);
            await TryAsync(item, _workers[_random.Next(_workers.Count)]);
        }
    }

    /// <summary>Runs one item, whose needs are done.</summary>
    public async Task<WorkResult> RunAsync(WorkItem item, IProgress<ItemProgress>? progress = null, CancellationToken stop = default)
    {
        WorkResult result = await _workers[0].ExecuteAsync(item, progress, stop, CancellationToken.None);
        Note(item, result);
        return result;
    }

    public void Dispose() => _workers.ForEach(worker => worker.Dispose());

    private List<WorkItem> Ready(Func<WorkItem, bool>? wanted) =>
        [.. Plan.Graph.Items.Where(item => !_done.Contains(item.Index) && item.Needs.All(_done.Contains) && (wanted is null || wanted(item)))];

    private async Task TryAsync(WorkItem item, WorkExecutor worker)
    {
        try
        {
            Note(item, await worker.ExecuteAsync(item, null, CancellationToken.None, CancellationToken.None));
        }
        catch (InputLostException lost)
        {
            Lost.Add(lost.Producer);
            _done.Remove(lost.Producer);
        }
    }

    private void Note(WorkItem item, WorkResult result)
    {
        _done.Add(item.Index);
        Log.Add((item, result));
    }
}
