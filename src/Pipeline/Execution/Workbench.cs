using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json;
using MambaQuant.Pipeline.Inputs;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Telemetry;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Method;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Smoothing;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Pipeline.Execution;

/// <summary>What the stages of one worker share: model, backend, cache, and how things that other items made are read.</summary>
internal sealed class Workbench : IDisposable
{
    private readonly WorkExecutorOptions _options;
    private readonly PlannedFiles _files;
    private MambaCheckpoint? _checkpoint;
    private bool _isChecked;

    /// <summary>Takes the options; the model is opened when first needed.</summary>
    /// <param name="options">The options.</param>
    public Workbench(WorkExecutorOptions options)
    {
        _options = options;
        _files = new PlannedFiles(options.Plan, options.Hashes);
        Cache = new WorkerCache(options.CacheBytes);
        Family = MambaFamily.For(options.Plan.Request.Model.Config);
    }

    /// <summary>The options.</summary>
    public WorkExecutorOptions Options => _options;

    /// <summary>The job.</summary>
    public WorkPlan Plan => _options.Plan;

    /// <summary>What the recipe needs.</summary>
    public RecipeNeeds Needs => Plan.Needs;

    /// <summary>The recipe.</summary>
    public Recipe Recipe => Plan.Request.Recipe;

    /// <summary>The model's dimensions.</summary>
    public MambaConfig Config => Plan.Request.Model.Config;

    /// <summary>The model's tables.</summary>
    public ModelFamily Family { get; }

    /// <summary>The backend.</summary>
    public IKernels Kernels => _options.Kernels;

    /// <summary>What is kept between items.</summary>
    public WorkerCache Cache { get; }

    /// <summary>Files beside the store.</summary>
    public PlannedFiles Files => _files;

    /// <summary>The float model, which is the planned one: config.json is looked at once for each item, a tensor whenever it is loaded (see <see cref="PlannedFiles"/> for the cost).</summary>
    /// <exception cref="ChangedInputException">config.json is not the one that the job was planned for.</exception>
    public MambaCheckpoint Checkpoint
    {
        get
        {
            if (!_isChecked)
            {
                _files.EnsureConfig(_options.Model);
                _isChecked = true;
            }

            return _checkpoint ??= MambaCheckpoint.Open(_options.Model, _files.EnsureTensor);
        }
    }

    /// <summary>Another item begins.</summary>
    public void BeginItem() => _isChecked = false;

    /// <summary>Backend, model and recipe for one item.</summary>
    /// <param name="cancellation">Stops it at its next safe point.</param>
    public MethodContext Context(CancellationToken cancellation) => Context(reporter: null, unit: string.Empty, cancellation);

    /// <summary>Backend, model and recipe for one item that tells how far it is.</summary>
    /// <param name="reporter">Hears of every step; null for nobody.</param>
    /// <param name="unit">What steps are, in the plural.</param>
    /// <param name="cancellation">Stops it at its next safe point, of which every step is one.</param>
    public MethodContext Context(ItemReporter? reporter, string unit, CancellationToken cancellation) => new(Kernels, Checkpoint, Recipe)
    {
        Cancellation = cancellation,
        Stepped = reporter is null ? null : (done, total) =>
        {
            cancellation.ThrowIfCancellationRequested();
            reporter.Report(done, total, unit);
        },
    };

    /// <summary>The sequences of a shard.</summary>
    /// <param name="session">The item that reads them.</param>
    /// <param name="shard">The shard.</param>
    public async Task<CalibrationSet> SequencesAsync(ItemSession session, int shard)
    {
        if (Plan.Request.Calibration.IsSelf)
        {
            return await TokensAsync(session, Plan.Find(WorkKind.Tokenize, shard: shard)!);
        }

        CalibrationSet all = await TokensAsync(session, Plan.Find(WorkKind.Tokenize)!);
        (int first, int count) = Plan.Grid.Shard(shard);
        return all.Slice(first, count);
    }

    /// <summary>The windows of a shard of the evaluation; nothing of the others is read.</summary>
    /// <param name="session">The item that reads them.</param>
    /// <param name="shard">The shard.</param>
    public async Task<IReadOnlyList<ReadOnlyMemory<int>>> WindowsAsync(ItemSession session, int shard)
    {
        WorkItem producer = Plan.Find(WorkKind.TokenizeEvaluation)!;
        int[] tokens = await session.ReadAsync(producer, ItemOutputs.Windows(shard), TokenFile.Read);
        return EvaluationWindows.Cut(tokens, Plan.Evaluation!.WindowLength);
    }

    /// <summary>All sequences, in order.</summary>
    /// <param name="session">The item that reads them.</param>
    public async Task<CalibrationSet> AllSequencesAsync(ItemSession session)
    {
        var sequences = new List<int[]>();
        foreach (WorkItem item in Plan.Graph.Items.Where(item => item.Kind == WorkKind.Tokenize))
        {
            sequences.AddRange((await TokensAsync(session, item)).Sequences);
        }

        return new CalibrationSet(sequences, Plan.Request.Calibration.Source);
    }

    /// <summary>The rotation of the residual stream, or null.</summary>
    /// <param name="session">The item that reads it.</param>
    public async Task<Rotation?> ResidualAsync(ItemSession session)
    {
        if (Plan.Find(WorkKind.ResidualRotation) is not { } item)
        {
            return LayerTransforms.ResidualRotation(Context(session.Abandon), pooled: null);
        }

        string name = WorkPlan.NameOf(item.Key, ItemOutputs.Rotation);
        if (Cache.Find<Rotation>(name) is { } kept)
        {
            return kept;
        }

        Rotation rotation = await session.ReadAsync(item, ItemOutputs.Rotation, Rotation.Read);
        Cache.Put(name, rotation, sizeof(double) * (long)rotation.Eigenvectors.Length);
        return rotation;
    }

    /// <summary>The same rotation, ready to fold into what lies outside the layers.</summary>
    /// <param name="residual">The rotation, or null.</param>
    public EndsFolder? Ends(Rotation? residual)
    {
        if (residual is null)
        {
            return null;
        }

        using Tensor norm = Checkpoint.LoadFinalNorm(Kernels);
        return new EndsFolder(Kernels, residual, norm);
    }

    /// <summary>The statistics of a layer, merged over the shards.</summary>
    /// <param name="session">The item that reads them.</param>
    /// <param name="observe">The pass.</param>
    /// <param name="reduce">Who merged its shards, where there are several.</param>
    /// <param name="layer">Index of the layer.</param>
    public Task<LayerStatistics> StatisticsAsync(ItemSession session, WorkKind observe, WorkKind reduce, int layer) =>
        StatisticsAsync(session, Plan.Find(reduce, layer) ?? Plan.FindBlock(observe, layer, 0)!, ItemOutputs.Statistics(layer));

    /// <summary>Statistics that an item wrote.</summary>
    /// <param name="session">The item that reads them.</param>
    /// <param name="producer">The item that wrote them.</param>
    /// <param name="output">Their name.</param>
    public async Task<LayerStatistics> StatisticsAsync(ItemSession session, WorkItem producer, string output)
    {
        string name = WorkPlan.NameOf(producer.Key, output);
        return Cache.Find<LayerStatistics>(name) ?? await session.ReadAsync(producer, output, LayerStatistics.Read);
    }

    /// <summary>Puts statistics, and keeps them for a neighbour.</summary>
    /// <param name="session">The item that made them.</param>
    /// <param name="output">Their name.</param>
    /// <param name="statistics">The statistics.</param>
    public async Task PutStatisticsAsync(ItemSession session, string output, LayerStatistics statistics)
    {
        long bytes = 0;
        await session.PutAsync(output, path =>
        {
            statistics.Write(path);
            bytes = new FileInfo(path).Length;
        });
        Cache.Put(WorkPlan.NameOf(session.Item.Key, output), statistics, bytes);
    }

    /// <summary>What was chosen at the smoothing sites of a layer; empty where the recipe smooths nothing.</summary>
    /// <param name="session">The item that reads it.</param>
    /// <param name="layer">Index of the layer.</param>
    public async Task<ImmutableArray<SmoothingChoice>> ChoicesAsync(ItemSession session, int layer)
    {
        if (!Needs.Smooths)
        {
            return [];
        }

        WorkItem producer = Plan.Find(Needs.Searches ? WorkKind.SearchSmoothing : WorkKind.Transform, layer)!;
        return await session.ReadAsync(
            producer, ItemOutputs.Choice, path => JsonSerializer.Deserialize(File.ReadAllBytes(path), ExecutionJson.Default.ImmutableArraySmoothingChoice));
    }

    /// <summary>What an item that this one reads has drawn; nothing where the plan has no such item.</summary>
    /// <param name="session">The item that reads it.</param>
    /// <param name="kind">Who drew it.</param>
    /// <param name="layer">Index of its layer; −1 where it is of the whole model.</param>
    public async Task<LayerPicture> PictureAsync(ItemSession session, WorkKind kind, int layer = -1) => Plan.Find(kind, layer) is { } producer
        ? await session.ReadAsync(producer, ItemOutputs.Picture, path => LayerPicture.FromJson(File.ReadAllBytes(path)))
        : LayerPicture.Nothing;

    /// <summary>Puts what an item draws.</summary>
    /// <param name="session">The item.</param>
    /// <param name="draw">Draws the picture.</param>
    public async Task PutPictureAsync(ItemSession session, Func<Task<LayerPicture>> draw)
    {
        using Activity? group = Tracing.Group(KernelGroups.Picture, session.Item.First);
        LayerPicture picture = await draw();
        await session.PutAsync(ItemOutputs.Picture, picture.ToJson());
    }

    /// <summary>The transform of a layer; one that changes nothing where layers have none.</summary>
    /// <param name="session">The item that reads it.</param>
    /// <param name="layer">Index of the layer.</param>
    public async Task<LayerTransform> TransformAsync(ItemSession session, int layer) =>
        Plan.Find(WorkKind.Transform, layer) is { } producer
            ? await session.ReadAsync(producer, ItemOutputs.Transform, LayerTransform.Read)
            : new LayerTransform(layer);

    /// <summary>A layer of the original model, ready to run, from the cache where a neighbour left it.</summary>
    /// <param name="layer">Index of the layer.</param>
    /// <returns>The layer; give it back with <see cref="KeepOriginal"/>.</returns>
    public LoadedBlock TakeOriginal(int layer) => Cache.Take<LoadedBlock>(OriginalName(layer)) ?? new LoadedBlock(
        FloatBlock.Build(Kernels, Config, Checkpoint.LoadLayer(Kernels, layer), OnlineTransforms.None), OnlineTransforms.None);

    /// <summary>Keeps a layer of the original model for a neighbour.</summary>
    /// <param name="layer">Index of the layer.</param>
    /// <param name="block">What <see cref="TakeOriginal"/> gave; owned from now on.</param>
    public void KeepOriginal(int layer, LoadedBlock block) =>
        Cache.Put(OriginalName(layer), block, (long)(sizeof(float) * ModelOperations.LayerWeights(Config)));

    /// <summary>The weights of a layer with the rotation of the residual stream folded in.</summary>
    /// <param name="weights">The weights as they were read.</param>
    /// <param name="residual">The rotation, or null.</param>
    public LayerWeights Rotate(LayerWeights weights, Rotation? residual) =>
        LayerFolder.Fold(Kernels, Family, weights, residual, new LayerTransform(weights.Layer));

    /// <summary>The weights of a layer, all folded in, in the two steps in which the transform was chosen.</summary>
    /// <param name="weights">The weights as they were read.</param>
    /// <param name="residual">The rotation, or null.</param>
    /// <param name="transform">The layer's transform.</param>
    public LayerWeights Fold(LayerWeights weights, Rotation? residual, LayerTransform transform)
    {
        using LayerWeights rotated = Rotate(weights, residual);
        return LayerFolder.Fold(Kernels, Family, rotated, residual: null, transform);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Cache.Dispose();
        _checkpoint?.Dispose();
    }

    private static string OriginalName(int layer) => $"original-{layer}";

    private async Task<CalibrationSet> TokensAsync(ItemSession session, WorkItem producer)
    {
        string name = WorkPlan.NameOf(producer.Key, ItemOutputs.Tokens);
        if (Cache.Find<CalibrationSet>(name) is { } kept)
        {
            return kept;
        }

        CalibrationSet set = await session.ReadAsync(producer, ItemOutputs.Tokens, path => SequenceFile.Read(path, Plan.Request.Calibration.Source));
        Cache.Put(name, set, sizeof(int) * set.TokenCount);
        return set;
    }
}
