using System.Collections.Immutable;
using MambaQuant.Quant.Recipes;

namespace MambaQuant.Pipeline.Planning;

/// <summary>Turns a request into a plan: which items there are, what each needs, its key and its expected cost.</summary>
/// <remarks>
/// <code>
/// Tokenize ─ ObserveOriginal (block × shard) ─ ReduceOriginal (layer) ─┬─ SearchSmoothing ─ Transform (layer) ─ ObserveTransformed (block × shard)
///               │        └─ ReduceOriginal (pool) ─ ResidualRotation ──┘                                           │
///               └─ ObserveRanges, ObserveMoments (block × shard) ─ ReduceRanges, ReduceMoments (layer) ─ Quantize (layer) ─ ReduceTransformed (layer)
///                                                                                            └─ Assemble
/// TokenizeEvaluation ─ EvaluateFloat (shard of windows) ─ Evaluate (shard; needs every Quantize) ─ ReduceEvaluation
/// </code>
/// What a recipe does not need is left out: passes, searches, moments, and with a single shard all reducing. Sequential GPTQ makes a
/// chain of the second pass: ObserveTransformed of a layer needs Quantize of the one before. An evaluation stands behind Assemble, of which it
/// reads nothing: it never delays the checkpoint, and one that fails finds it written.
/// </remarks>
public sealed class WorkPlanner
{
    private readonly PlanRequest _request;
    private readonly RecipeNeeds _needs;
    private readonly WorkGrid _grid;
    private readonly EvaluationGrid? _evaluation;
    private readonly WorkKeys _keys;
    private readonly WorkCosts _costs;
    private readonly List<WorkItem> _items = [];
    private readonly Dictionary<(WorkKind Kind, int First, int Shard), int> _places = [];

    private WorkPlanner(PlanRequest request)
    {
        RecipeValidator.ThrowIfInvalid(request.Recipe, Quant.Models.MambaFamily.For(request.Model.Config));
        _request = request;
        _needs = RecipeNeeds.Of(request.Recipe, request.Model.Config);
        WorkGrid grid = GridRule.Choose(request.Recipe, request.Model.Config, request.Calibration, request.Options);
        _grid = _needs.Calibrates ? grid : grid with { Blocks = 1, Shards = 1 };
        _evaluation = request.Evaluation is { } text ? EvaluationRule.Choose(request.Model.Config, text, request.Options) : null;
        _keys = new WorkKeys(request, _needs, _grid, _evaluation);
        _costs = new WorkCosts(request, _needs, _grid, _evaluation);
    }

    private int Layers => _grid.Layers;

    private bool Reduces => _grid.Shards > 1;

    /// <summary>Plans.</summary>
    /// <param name="request">Recipe, model, data, profile, options.</param>
    /// <exception cref="InvalidRecipeException">The recipe makes no sense, or names what the model does not have.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option or a number of samples lies outside its range.</exception>
    public static WorkPlan Plan(PlanRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var planner = new WorkPlanner(request);
        if (planner._needs.Searches && Math.Min(request.Calibration.SearchSamples, request.Calibration.Samples) < 2)
        {
            throw new ArgumentOutOfRangeException(
                nameof(request), request.Calibration.SearchSamples, "a smoothing search needs two sequences at least, one for ranges and one for errors");
        }

        planner.Build();
        return new WorkPlan(request, planner._needs, planner._grid, planner._evaluation, new WorkGraph([.. planner._items]));
    }

    private void Build()
    {
        if (_needs.Calibrates)
        {
            AddTokenize();
        }

        AddOriginalPass();
        if (_needs.PoolsResidual)
        {
            AddResidualRotation();
        }

        AddRotatedNorms();
        for (int layer = 0; layer < Layers; layer++)
        {
            AddTransform(layer);
        }

        if (_needs is { Transformed: not null, IsSequential: true })
        {
            AddSequentialPass();
        }
        else
        {
            AddTransformedPass();
        }

        int[] parts = [.. Enumerable.Range(0, Layers + 1).Select(layer => Place(WorkKind.Quantize, layer))];
        IEnumerable<int> tokens = _items.Where(item => item.Kind == WorkKind.Tokenize).Select(item => item.Index);
        Add(WorkKind.Assemble, -1, 0, -1, [.. tokens, .. parts]);
        AddEvaluation(parts);
    }

    private void AddEvaluation(int[] parts)
    {
        if (_evaluation is null)
        {
            return;
        }

        Add(WorkKind.TokenizeEvaluation, -1, 0, -1, [], [Place(WorkKind.Assemble, -1)]);
        int tokens = Place(WorkKind.TokenizeEvaluation, -1);
        List<int> scores = [];
        for (int shard = 0; shard < _evaluation.Shards && _request.Evaluation!.ComparesWithFloat; shard++)
        {
            Add(WorkKind.EvaluateFloat, -1, 0, shard, [tokens], [Place(WorkKind.Assemble, -1)]);
            scores.Add(Place(WorkKind.EvaluateFloat, -1, shard));
        }

        for (int shard = 0; shard < _evaluation.Shards; shard++)
        {
            Add(WorkKind.Evaluate, -1, 0, shard, [.. parts, tokens, .. Optional(WorkKind.EvaluateFloat, -1, shard)], [Place(WorkKind.Assemble, -1)]);
            scores.Add(Place(WorkKind.Evaluate, -1, shard));
        }

        Add(WorkKind.ReduceEvaluation, -1, 0, -1, scores);
    }

    private void AddTokenize()
    {
        if (!_request.Calibration.IsSelf)
        {
            Add(WorkKind.Tokenize, -1, 0, -1, []);
            return;
        }

        for (int shard = 0; shard < _grid.Shards; shard++)
        {
            Add(WorkKind.Tokenize, -1, 0, shard, []);
        }
    }

    private void AddOriginalPass()
    {
        for (int block = 0; _needs.ObservesOriginal && block < _grid.Blocks; block++)
        {
            (int first, int count) = _grid.Block(block);
            for (int shard = 0; shard < _grid.Shards; shard++)
            {
                int before = Before(WorkKind.ObserveOriginal, block, shard);
                Add(WorkKind.ObserveOriginal, first, count, shard, [before]);

                // Behind it, so that whoever runs that one makes these along in the same forward pass.
                foreach (WorkKind kind in Alongside())
                {
                    Add(kind, first, count, shard, [before, Place(WorkKind.ObserveOriginal, first, shard)]);
                }
            }
        }

        for (int layer = 0; Reduces && layer <= Layers; layer++)
        {
            bool isEnd = layer == Layers;
            AddReduceWhere(_needs.Original is not null && !isEnd && _needs.ReadsOriginalLayers, WorkKind.ReduceOriginal, WorkKind.ObserveOriginal, layer);
            AddReduceWhere(_needs.Ranges is not null && (isEnd ? _needs.ReportsOriginalHead : _needs.ReportsOriginal), WorkKind.ReduceRanges, WorkKind.ObserveRanges, layer);
            AddReduceWhere(_needs.Moments is not null && (!isEnd || _needs.CompensatesHead), WorkKind.ReduceMoments, WorkKind.ObserveMoments, layer);
        }
    }

    private IEnumerable<WorkKind> Alongside() =>
        [.. _needs.Ranges is null ? [] : (WorkKind[])[WorkKind.ObserveRanges], .. _needs.Moments is null ? [] : (WorkKind[])[WorkKind.ObserveMoments]];

    private void AddReduceWhere(bool isRead, WorkKind reduce, WorkKind observe, int layer)
    {
        if (isRead)
        {
            AddReduce(reduce, observe, layer);
        }
    }

    private void AddResidualRotation()
    {
        int last = _grid.Block(_grid.Blocks - 1).First;
        if (Reduces)
        {
            Add(WorkKind.ReduceOriginal, -1, 0, -1, Shards(WorkKind.ObserveOriginal, last));
        }

        Add(WorkKind.ResidualRotation, -1, 0, -1, Reduces ? [Place(WorkKind.ReduceOriginal, -1)] : Shards(WorkKind.ObserveOriginal, last));
    }

    private void AddRotatedNorms()
    {
        if (!_needs.SmoothsRotatedNorm)
        {
            return;
        }

        for (int block = 0; block < _grid.Blocks; block++)
        {
            (int first, int count) = _grid.Block(block);
            for (int shard = 0; shard < _grid.Shards; shard++)
            {
                Add(WorkKind.ObserveRotated, first, count, shard, [Before(WorkKind.ObserveOriginal, block, shard), .. Residual()]);
            }
        }

        for (int layer = 0; Reduces && layer < Layers; layer++)
        {
            AddReduce(WorkKind.ReduceRotated, WorkKind.ObserveRotated, layer);
        }
    }

    private void AddTransform(int layer)
    {
        if (!_needs.TransformsLayers)
        {
            return;
        }

        // Smoothing reads magnitudes and the weights in the rotated basis; a search the sampled inputs as well.
        IEnumerable<int> smoothing =
            [.. Observed(WorkKind.ReduceOriginal, WorkKind.ObserveOriginal, layer), .. Residual(), .. _needs.SmoothsRotatedNorm ? Observed(WorkKind.ReduceRotated, WorkKind.ObserveRotated, layer) : []];
        if (_needs.Searches)
        {
            int block = _grid.Block(_grid.BlockOf(layer)).First;
            int samples = Math.Min(_request.Calibration.SearchSamples, _request.Calibration.Samples);
            IEnumerable<int> sampled = _grid.ShardsOfFirst(samples).Select(shard => Place(WorkKind.ObserveOriginal, block, shard));
            Add(WorkKind.SearchSmoothing, layer, 1, -1, [.. smoothing, .. sampled]);
        }

        Add(WorkKind.Transform, layer, 1, -1, _needs switch
        {
            { Searches: true } =>
            [
                Place(WorkKind.SearchSmoothing, layer),
                .. _needs.TransformReadsOriginal ? Observed(WorkKind.ReduceOriginal, WorkKind.ObserveOriginal, layer) : [],
            ],
            { Smooths: true } => smoothing,
            _ => _needs.TransformReadsOriginal ? Observed(WorkKind.ReduceOriginal, WorkKind.ObserveOriginal, layer) : [],
        });
    }

    private void AddTransformedPass()
    {
        for (int block = 0; _needs.Transformed is not null && block < _grid.Blocks; block++)
        {
            (int first, int count) = _grid.Block(block);
            int[] transforms = [.. Enumerable.Range(first, count).SelectMany(layer => Optional(WorkKind.Transform, layer))];
            for (int shard = 0; shard < _grid.Shards; shard++)
            {
                Add(WorkKind.ObserveTransformed, first, count, shard, [Before(WorkKind.ObserveTransformed, block, shard), .. Residual(), .. transforms]);
            }

            for (int layer = first; Reduces && layer < first + count; layer++)
            {
                AddReduce(WorkKind.ReduceTransformed, WorkKind.ObserveTransformed, layer);
            }
        }

        if (_needs.Transformed is not null && Reduces && _needs.FixesHeadInput)
        {
            AddReduce(WorkKind.ReduceTransformed, WorkKind.ObserveTransformed, Layers);
        }

        for (int layer = 0; layer <= Layers; layer++)
        {
            AddQuantize(layer);
        }
    }

    private void AddSequentialPass()
    {
        for (int layer = 0; layer <= Layers; layer++)
        {
            for (int shard = 0; shard < _grid.Shards; shard++)
            {
                int before = layer == 0 ? Tokens(shard) : Place(WorkKind.ObserveTransformed, layer - 1, shard);
                IEnumerable<int> quantized = layer == 0 ? [] : [Place(WorkKind.Quantize, layer - 1)];
                Add(WorkKind.ObserveTransformed, layer, 1, shard, [before, .. Residual(), .. quantized, .. Optional(WorkKind.Transform, layer)]);
            }

            if (Reduces)
            {
                AddReduce(WorkKind.ReduceTransformed, WorkKind.ObserveTransformed, layer);
            }

            AddQuantize(layer);
        }
    }

    private void AddQuantize(int layer)
    {
        bool isEnd = layer == Layers;
        IEnumerable<int> needs =
        [
            .. Residual(),
            .. Optional(WorkKind.Transform, layer),
            .. Optional(WorkKind.SearchSmoothing, layer),
            .. _needs.Transformed is not null && (!isEnd || _needs.FixesHeadInput || _needs.IsSequential)
                ? Observed(WorkKind.ReduceTransformed, WorkKind.ObserveTransformed, layer) : [],
            .. (isEnd ? _needs.ReportsOriginalHead : _needs.ReportsOriginal) ? Observed(WorkKind.ReduceRanges, WorkKind.ObserveRanges, layer) : [],
            .. _needs.Moments is not null && (!isEnd || _needs.CompensatesHead)
                ? Observed(WorkKind.ReduceMoments, WorkKind.ObserveMoments, layer) : [],
        ];
        Add(WorkKind.Quantize, layer, 1, -1, needs);
    }

    private void AddReduce(WorkKind reduce, WorkKind observe, int layer) => Add(reduce, layer, 1, -1, Shards(observe, layer));

    /// <summary>Adds an item.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="first">Its first layer, or −1.</param>
    /// <param name="count">Its layers.</param>
    /// <param name="shard">Its shard, or −1.</param>
    /// <param name="reads">The items of which it reads something: they are in its key.</param>
    /// <param name="follows">Items that are done before, of which it reads nothing.</param>
    private void Add(WorkKind kind, int first, int count, int shard, IEnumerable<int> reads, params ReadOnlySpan<int> follows)
    {
        ImmutableArray<int> read = [.. reads.Distinct().Order()];
        int index = _items.Count;
        var item = new WorkItem(index, kind, first, count, shard, default, [.. read.Concat(follows.ToArray()).Distinct().Order()], default);
        _items.Add(item with { Key = _keys.Of(item, read.Select(need => _items[need].Key)), Cost = _costs.Of(item) });
        _places.Add((kind, first, shard), index);
    }

    /// <summary>Where the merged statistics of a layer come from: with a single shard straight from the pass.</summary>
    private IEnumerable<int> Observed(WorkKind reduce, WorkKind observe, int layer) =>
        Reduces ? Optional(reduce, layer) : _places.ContainsKey((observe, BlockStart(observe, layer), 0)) ? [Place(observe, BlockStart(observe, layer), 0)] : [];

    private IEnumerable<int> Shards(WorkKind observe, int layer) =>
        Enumerable.Range(0, _grid.Shards).Select(shard => Place(observe, BlockStart(observe, layer), shard));

    private int BlockStart(WorkKind observe, int layer) =>
        observe == WorkKind.ObserveTransformed && _needs.IsSequential ? layer : _grid.Block(_grid.BlockOf(layer)).First;

    /// <summary>What brings the hidden states before a block: the block before, or the tokens.</summary>
    private int Before(WorkKind kind, int block, int shard) =>
        block == 0 ? Tokens(shard) : Place(kind, _grid.Block(block - 1).First, shard);

    private int Tokens(int shard) => Place(WorkKind.Tokenize, -1, _request.Calibration.IsSelf ? shard : -1);

    private IEnumerable<int> Residual() => _needs.PoolsResidual ? [Place(WorkKind.ResidualRotation, -1)] : [];

    private int Place(WorkKind kind, int first, int shard = -1) => _places[(kind, first, shard)];

    private IEnumerable<int> Optional(WorkKind kind, int first, int shard = -1) =>
        _places.TryGetValue((kind, first, shard), out int place) ? [place] : [];
}
