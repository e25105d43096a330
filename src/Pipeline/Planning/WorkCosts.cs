using System.Collections.Immutable;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Recipes;
using MambaQuant.Quant.Statistics;

namespace MambaQuant.Pipeline.Planning;

/// <summary>What items are expected to cost, from dimensions alone.</summary>
/// <remarks>
/// Of items that run in one forward pass (ObserveOriginal with ObserveRanges and ObserveMoments behind it) the first is charged with the pass,
/// the others with what they add; where a second scheme runs one of those alone, it repeats the forward pass of its block, which is
/// not counted here.
/// </remarks>
/// <param name="request">The request.</param>
/// <param name="needs">What the recipe needs.</param>
/// <param name="grid">The grid.</param>
/// <param name="evaluation">How the evaluation is cut, or null.</param>
internal sealed class WorkCosts(PlanRequest request, RecipeNeeds needs, WorkGrid grid, EvaluationGrid? evaluation)
{
    // Cyclic sweeps and the back substitution of a symmetric eigenproblem, as KltRotation counts them.
    private const double EigenOperations = 18;

    // A trial makes anew only what its candidate changes, on one half of the tokens for ranges and on the other for errors. Measured at the width
    // of 2.8b on a processor, 1,024 tokens: 0.4 to 0.5 forward passes a candidate, rounding its weights included.
    private const double TrialForwards = 0.5;

    // Reading a token of a text: of the time, not of arithmetic.
    private const double TextOperations = 1000;

    // A window's scores as JSON.
    private const int ScoreBytes = 128;

    private readonly MambaConfig _config = request.Model.Config;

    private double LayerBytes => request.Model.TensorBytes * ModelOperations.LayerWeights(_config) / AllWeights;

    private double AllWeights => (grid.Layers * ModelOperations.LayerWeights(_config)) + ((_config.TieEmbeddings ? 1.0 : 2.0) * _config.VocabularySize * _config.DModel);

    private double FloatLayerBytes => sizeof(float) * ModelOperations.LayerWeights(_config);

    private double TableBytes => (double)sizeof(float) * _config.VocabularySize * _config.DModel;

    private double RotationBytes => needs.PoolsResidual ? (double)sizeof(double) * _config.DModel * _config.DModel : 0;

    /// <summary>in_proj in fp64 and its product with the rotation, the larger of the two projections that it is folded into.</summary>
    private double FoldBytes => needs.PoolsResidual ? 2.0 * sizeof(double) * 2 * _config.DInner * _config.DModel : 0;

    /// <summary>The cost of an item.</summary>
    /// <param name="item">The item; its key and cost are not read.</param>
    public WorkCost Of(WorkItem item) => item.Kind switch
    {
        WorkKind.Tokenize => Tokenize(item),
        WorkKind.ObserveOriginal => Observe(item, needs.Original ?? ObservationPlan.Nothing, isFirst: true),
        WorkKind.ObserveRanges => Added(item, needs.Ranges!),
        WorkKind.ObserveMoments => Added(item, needs.Moments!),
        WorkKind.ObserveRotated => Observe(item, ObservationPlan.Nothing, isFirst: false),
        WorkKind.ObserveTransformed => Observe(item, needs.Transformed!, isFirst: false),
        WorkKind.ReduceOriginal when item.First < 0 => Reduce(ModelOperations.SecondMomentBytes(_config.DModel)),
        WorkKind.ReduceOriginal => Reduce(StatisticsBytes(needs.Original!)),
        WorkKind.ReduceRanges => Reduce(StatisticsBytes(needs.Ranges!)),
        WorkKind.ReduceMoments => Reduce(StatisticsBytes(needs.Moments!)),
        WorkKind.ReduceRotated => Reduce(2L * sizeof(float) * _config.DModel),
        WorkKind.ReduceTransformed => Reduce(StatisticsBytes(needs.Transformed!)),
        WorkKind.ResidualRotation => Cost(
            EigenOperations * Math.Pow(_config.DModel, 3), ModelOperations.SecondMomentBytes(_config.DModel), RotationBytes, 0, 4 * RotationBytes),
        WorkKind.SearchSmoothing => Search(),
        WorkKind.Transform => Cost(EigenOperations * Math.Pow(_config.DtRank, 3), needs.TransformReadsOriginal ? StatisticsBytes(needs.Original!) : 0, 1024, 0, FloatLayerBytes),
        WorkKind.Quantize => item.First < grid.Layers ? QuantizeLayer() : QuantizeEnds(),
        WorkKind.Assemble => Cost(0, QuantizedBytes(), QuantizedBytes(), 0, 1 << 24),
        WorkKind.TokenizeEvaluation => Cost(evaluation!.Tokens * TextOperations, 0, sizeof(int) * (double)evaluation.Tokens, 0, 16.0 * evaluation.Tokens),
        WorkKind.EvaluateFloat => Evaluate(item, request.Model.TensorBytes, isFloat: true),
        WorkKind.Evaluate => Evaluate(item, QuantizedBytes(), isFloat: false),
        WorkKind.ReduceEvaluation => Cost(evaluation!.Windows * 100.0, ScoreBytes * (double)evaluation.Windows, 1024, 0, ScoreBytes * 4.0 * evaluation.Windows),
        _ => default,
    };

    /// <summary>All layers and the head over a shard of windows; beside a float model its head once more, over what it had stored.</summary>
    private WorkCost Evaluate(WorkItem item, double modelBytes, bool isFloat)
    {
        double tokens = evaluation!.TokensOf(item.Shard), hidden = tokens * ModelOperations.HiddenBytes(_config);
        double stored = request.Evaluation!.ComparesWithFloat ? hidden : 0;
        double scores = ScoreBytes * (double)evaluation.Shard(item.Shard).Count, ids = sizeof(int) * tokens;
        double logits = sizeof(float) * Math.Min(tokens * _config.VocabularySize, Math.Max(EvaluationRule.LogitsAtOnce, _config.VocabularySize));
        double own = tokens * EvaluationRule.OperationsPerToken(_config);
        return isFloat
            ? Cost(own, ids, hidden + scores, modelBytes, hidden + (2 * FloatLayerBytes) + TableBytes + logits)
            : Cost(
                own + (stored > 0 ? tokens * ModelOperations.Head(_config) : 0),
                ids + stored + modelBytes,
                scores,
                stored > 0 ? (request.Model.TensorBytes - (grid.Layers * LayerBytes)) : 0,
                hidden + (2 * FloatLayerBytes) + (2 * TableBytes) + (2 * logits));
    }

    private WorkCost Tokenize(WorkItem item)
    {
        double bytes = sizeof(int) * (double)request.Calibration.TokenCount;
        if (!request.Calibration.IsSelf)
        {
            return Cost(request.Calibration.TokenCount * TextOperations, 0, bytes, 0, 4 * bytes);
        }

        double tokens = Tokens(item);
        double operations = tokens * ((grid.Layers * ModelOperations.ForwardLayer(_config)) + (2.0 * _config.VocabularySize * _config.DModel));
        return Cost(operations, 0, sizeof(int) * tokens, request.Model.TensorBytes, sizeof(float) * AllWeights);
    }

    private WorkCost Observe(WorkItem item, ObservationPlan plan, bool isFirst)
    {
        double tokens = Tokens(item);
        double hidden = tokens * ModelOperations.HiddenBytes(_config);
        bool folds = item.Kind == WorkKind.ObserveTransformed && needs.PoolsResidual;
        double perToken = ModelOperations.ForwardLayer(_config) + MomentOperations(plan) + (item.Kind == WorkKind.ObserveRotated ? 2.0 * _config.DModel * _config.DModel : 0);
        double operations = item.Count * ((tokens * perToken) + (folds ? ModelOperations.FoldLayer(_config) : 0));
        double samples = isFirst && needs.Searches
            ? (double)grid.CountOfFirst(item.Shard, request.Calibration.SearchSamples) * request.Calibration.SequenceLength * ModelOperations.HiddenBytes(_config) * item.Count
            : 0;
        double pool = isFirst && needs.PoolsResidual ? ModelOperations.SecondMomentBytes(_config.DModel) : 0;
        bool isLast = item.First + item.Count >= grid.Layers;
        double input = (item.First == 0 ? 0 : hidden + pool) + (item.Kind == WorkKind.ObserveTransformed ? RotationBytes : 0);
        double output = (item.Count * (double)StatisticsBytes(plan)) + samples + pool + (isLast ? 0 : hidden);
        return Cost(operations, input, output, item.Count * LayerBytes, hidden + (2 * FloatLayerBytes) + (2.0 * StatisticsBytes(plan)) + (2 * RotationBytes) + (folds ? FloatLayerBytes + FoldBytes : 0));
    }

    /// <summary>What second moments add to a forward pass that runs anyway.</summary>
    private WorkCost Added(WorkItem item, ObservationPlan plan) => Cost(
        item.Count * Tokens(item) * MomentOperations(plan), 0, item.Count * (double)StatisticsBytes(plan), 0, 2.0 * StatisticsBytes(plan));

    private WorkCost Reduce(long bytes) => Cost(grid.Shards * (bytes / 8.0), (double)grid.Shards * bytes, bytes, 0, 4.0 * bytes);

    private WorkCost Search()
    {
        double tokens = (double)Math.Min(request.Calibration.SearchSamples, request.Calibration.Samples) * request.Calibration.SequenceLength;
        int candidates = 1 + request.Recipe.Smoothings.Sum(smoothing => smoothing.Strength.IsSearched ? smoothing.Strength.Grid.Length : 0);
        double trial = (TrialForwards * tokens * ModelOperations.ForwardLayer(_config)) + (50 * ModelOperations.LayerWeights(_config));
        double operations = (candidates * trial) + (needs.PoolsResidual ? ModelOperations.FoldLayer(_config) : 0);
        double samples = tokens * ModelOperations.HiddenBytes(_config);
        return Cost(operations, samples + StatisticsBytes(needs.Original!) + RotationBytes, 1 << 16, LayerBytes, (2 * samples) + (4 * FloatLayerBytes) + RotationBytes + FoldBytes);
    }

    private WorkCost QuantizeLayer()
    {
        // Fitting a weight's range tries some hundred of them per row; GPTQ factors a moment (C³) and updates columns (O C²).
        double operations = (200 * ModelOperations.LayerWeights(_config)) + (needs.PoolsResidual ? ModelOperations.FoldLayer(_config) : 0);
        if (needs.Moments is { } moments)
        {
            operations += moments.SecondMoments.Sum(site => Math.Pow(Channels(site), 3) * 6);
        }

        double statistics = (needs.Transformed is { } second ? StatisticsBytes(second) : 0)
            + (needs.Ranges is { } compared ? StatisticsBytes(compared) : 0)
            + (needs.Moments is { } read ? StatisticsBytes(read) : 0);
        return Cost(operations, statistics + RotationBytes, QuantizedBytes() / grid.Layers, LayerBytes, (3 * FloatLayerBytes) + (5 * statistics) + RotationBytes + FoldBytes);
    }

    private WorkCost QuantizeEnds() => Cost(
        (200 * AllWeights) - (200 * grid.Layers * ModelOperations.LayerWeights(_config))
            + (needs.PoolsResidual ? 4.0 * _config.VocabularySize * _config.DModel * _config.DModel : 0),
        RotationBytes, TableBytes / 2, request.Model.TensorBytes - (grid.Layers * LayerBytes), TableBytes);

    private double Tokens(WorkItem item) =>
        (double)(item.Shard < 0 ? request.Calibration.Samples : grid.Shard(item.Shard).Count) * request.Calibration.SequenceLength;

    private double QuantizedBytes()
    {
        QuantizationScheme scheme = request.Recipe.Quantization!.Scheme;
        double bits = scheme.Find(MambaFamily.InProjModule)?.Weights?.Bits ?? 32;
        return AllWeights * bits / 8;
    }

    private double MomentOperations(ObservationPlan plan) => plan.SecondMoments.Sum(site => ModelOperations.SecondMoment(Channels(site)));

    private long StatisticsBytes(ObservationPlan plan)
    {
        ImmutableHashSet<ActivationSite> stored = needs.PoolsResidual && ReferenceEquals(plan, needs.Original)
            ? plan.SecondMoments.Remove(ActivationSite.ResidualStream)
            : plan.SecondMoments;
        long ranges = plan.Histograms.IsEmpty ? plan.Ranges.Sum(site => 2L * sizeof(float) * Channels(site)) : ModelOperations.RangeBytes(_config);
        return ranges + stored.Sum(site => ModelOperations.SecondMomentBytes(Channels(site)))
            + (plan.State && plan.Histograms.IsEmpty ? sizeof(float) * (long)_config.DInner * _config.DState : 0);
    }

    private int Channels(ActivationSite site) =>
        site == ActivationSite.ResidualStream || site == ActivationSite.InProjInput || site == ActivationSite.HeadInput ? _config.DModel
        : site == ActivationSite.DtProjInput ? _config.DtRank
        : site == ActivationSite.ScanOutput ? _config.DState
        : _config.DInner;

    private static WorkCost Cost(double operations, double input, double output, double model, double memory) =>
        new(operations, (long)input, (long)output, (long)model, (long)memory);
}
