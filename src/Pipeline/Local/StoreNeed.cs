using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Statistics;

namespace MambaQuant.Pipeline.Local;

/// <summary>Bytes that the items of a plan put into the store, at most, from shapes alone.</summary>
/// <param name="plan">The plan; its model may be known by dimensions only.</param>
/// <param name="layerBytes">Tensors of the largest quantized layer.</param>
/// <param name="endsBytes">Tensors of embeddings, final norm and head.</param>
internal sealed class StoreNeed(WorkPlan plan, long layerBytes, long endsBytes)
{
    // What every artifact has besides its values: header, seal, the file system's last block.
    private const long Around = 8192;

    // A number as JSON writes it, at most.
    private const long NumberBytes = 28;

    // Receipt, report.
    private const long DocumentBytes = 32 << 10;

    private readonly MambaConfig _config = plan.Request.Model.Config;
    private readonly ModelFamily _family = MambaFamily.For(plan.Request.Model.Config);

    private long PoolBytes => plan.Needs.PoolsResidual
        ? StatisticsSize.OfLayer(ObservationPlan.Nothing with { SecondMoments = [ActivationSite.ResidualStream] }, _family, _config)
        : 0;

    private long Channels => checked(_config.DModel + (4L * _config.DInner) + _config.DState + _config.DtRank);

    /// <summary>What one item puts.</summary>
    /// <param name="item">An item of the plan.</param>
    public long Of(WorkItem item) => checked(DocumentBytes + Around + item.Kind switch
    {
        WorkKind.Tokenize => sizeof(int) * Tokens(item),
        WorkKind.ObserveOriginal =>
            (plan.Needs.Original is { } original ? Observed(item, WithoutPool(original)) : 0) + Samples(item) + Hidden(item),
        WorkKind.ObserveRanges => Observed(item, plan.Needs.Ranges!),
        WorkKind.ObserveMoments => Observed(item, plan.Needs.Moments!),
        WorkKind.ObserveRotated => item.Count * (Around + (2L * sizeof(float) * _config.DModel)),
        WorkKind.ObserveTransformed => Observed(item, plan.Needs.Transformed!) + Hidden(item),
        WorkKind.ReduceOriginal when item.First < 0 => PoolBytes,
        WorkKind.ReduceOriginal => Layer(item.First, plan.Needs.Original!),
        WorkKind.ReduceRanges => Layer(item.First, plan.Needs.Ranges!),
        WorkKind.ReduceMoments => Layer(item.First, plan.Needs.Moments!),
        WorkKind.ReduceTransformed => Layer(item.First, plan.Needs.Transformed!),
        WorkKind.ResidualRotation => sizeof(double) * (long)_config.DModel * _config.DModel,
        WorkKind.SearchSmoothing => NumberBytes * Channels,
        WorkKind.Transform => (sizeof(double) * (((long)_config.DtRank * _config.DtRank) + Channels)) + (NumberBytes * Channels),
        WorkKind.Quantize => item.First < plan.Grid.Layers ? layerBytes + Around : endsBytes + (2 * Around),
        WorkKind.TokenizeEvaluation => checked((sizeof(int) * plan.Evaluation!.Tokens) + (plan.Evaluation.Shards * Around)),
        WorkKind.EvaluateFloat => checked(Around + EvaluationHidden(item) + Scores(item)),
        WorkKind.Evaluate => Scores(item),
        _ => 0,
    });

    /// <summary>Hidden states of all shards in progress checkpoints: the last two of each item, of a pass or of the evaluation.</summary>
    public long Progress => Math.Max(
        plan.Needs.Calibrates
            ? checked(2 * plan.Grid.Shards * (Around + PoolBytes) + (2 * plan.Request.Calibration.TokenCount * ModelOperations.HiddenBytes(_config)))
            : 0,
        plan.Evaluation is { } evaluation
            ? checked((2 * evaluation.Shards * Around) + (2 * evaluation.Tokens * ModelOperations.HiddenBytes(_config)))
            : 0);

    private long EvaluationHidden(WorkItem item) => checked(plan.Evaluation!.TokensOf(item.Shard) * ModelOperations.HiddenBytes(_config));

    /// <summary>Four numbers and their names per window.</summary>
    private long Scores(WorkItem item) => plan.Evaluation!.Shard(item.Shard).Count * ((4 * NumberBytes) + 64);

    private long Observed(WorkItem item, ObservationPlan observed) =>
        Enumerable.Range(item.First, item.Count).Append(plan.Grid.Layers).Where(layer => layer < plan.Grid.Layers || ReachesEnds(item)).Distinct()
            .Sum(layer => Around + Layer(layer, observed));

    private long Layer(int layer, ObservationPlan observed) => layer < plan.Grid.Layers
        ? StatisticsSize.OfLayer(observed, _family, _config)
        : StatisticsSize.OfHead(observed, _family);

    private long Samples(WorkItem item) => checked(item.Count * (Around
        + (plan.Grid.CountOfFirst(item.Shard, plan.SearchSamples) * (long)plan.Request.Calibration.SequenceLength * ModelOperations.HiddenBytes(_config))));

    /// <summary>Hidden states for the next block, or the pool behind the last.</summary>
    private long Hidden(WorkItem item) => checked(PoolBytes + (ReachesEnds(item) ? 0 : Around + (Tokens(item) * ModelOperations.HiddenBytes(_config))));

    private bool ReachesEnds(WorkItem item) => item.First + item.Count >= plan.Grid.Layers;

    private static ObservationPlan WithoutPool(ObservationPlan observed) =>
        observed with { SecondMoments = observed.SecondMoments.Remove(ActivationSite.ResidualStream) };

    private long Tokens(WorkItem item) =>
        (item.Shard < 0 ? plan.Request.Calibration.Samples : plan.Grid.Shard(item.Shard).Count) * (long)plan.Request.Calibration.SequenceLength;
}
