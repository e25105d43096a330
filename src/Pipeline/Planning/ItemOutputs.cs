namespace MambaQuant.Pipeline.Planning;

/// <summary>Names of what items put into the store.</summary>
public static class ItemOutputs
{
    /// <summary>Written last: an item is done exactly when its receipt is there.</summary>
    public const string Receipt = "receipt";

    /// <summary>Token ids.</summary>
    public const string Tokens = "tokens";

    /// <summary>Hidden states behind a block of layers.</summary>
    public const string Hidden = "hidden";

    /// <summary>The pooled second moment of the residual stream.</summary>
    public const string Pool = "pool";

    /// <summary>The rotation of the residual stream.</summary>
    public const string Rotation = "rotation";

    /// <summary>What was chosen at the smoothing sites of a layer.</summary>
    public const string Choice = "choice";

    /// <summary>The transform of a layer.</summary>
    public const string Transform = "transform";

    /// <summary>A quantized layer.</summary>
    public const string Layer = "layer";

    /// <summary>The quantized embedding table.</summary>
    public const string Embeddings = "embeddings";

    /// <summary>Final norm and quantized head.</summary>
    public const string Head = "head";

    /// <summary>What a layer or the ends lost.</summary>
    public const string Report = "report";

    /// <summary>What can be drawn of the residual stream's rotation, of a layer's transform, or of a quantized layer or the ends: a <c>LayerPicture</c>.</summary>
    public const string Picture = "picture";

    /// <summary>What the head of the float model reads at every token of a shard.</summary>
    public const string HeadInputs = "head-inputs";

    /// <summary>Scores of the windows of a shard.</summary>
    public const string Scores = "scores";

    /// <summary>The evaluation of a job.</summary>
    public const string Evaluation = "evaluation";

    /// <summary>Token ids of the windows of a shard.</summary>
    /// <param name="shard">Index of the shard.</param>
    public static string Windows(int shard) => $"windows-{shard:D3}";

    /// <summary>Statistics of a layer, of the pass that the item belongs to.</summary>
    /// <param name="layer">Index of the layer; the number of layers for final norm and head.</param>
    public static string Statistics(int layer) => $"statistics-{layer:D3}";

    /// <summary>Hidden states of the search's sequences before a layer.</summary>
    /// <param name="layer">Index of the layer.</param>
    public static string Samples(int layer) => $"samples-{layer:D3}";

    /// <summary>Hidden states in the middle of an item: of an interrupted run, gone once the item is done.</summary>
    /// <param name="layer">Layers of the model that are done.</param>
    public static string Progress(int layer) => $"{ProgressPrefix}{layer:D3}";

    /// <summary>The beginning of the names of progress checkpoints.</summary>
    public const string ProgressPrefix = "progress-";

    /// <summary>The beginning of the names of the files of a checkpoint that lies in the store; which there are is in the receipt.</summary>
    public const string CheckpointPrefix = "checkpoint/";

    /// <summary>A file of a checkpoint that lies in the store.</summary>
    /// <param name="file">Its name.</param>
    public static string Checkpoint(string file) => CheckpointPrefix + file;

    /// <summary>What an item puts, besides receipt and progress.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="item">Its item.</param>
    internal static IEnumerable<string> Of(WorkPlan plan, WorkItem item)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(item);
        int layers = plan.Grid.Layers;
        bool reachesEnds = item.First + item.Count >= layers;
        IEnumerable<int> ownLayers = Enumerable.Range(item.First, item.Count);
        IEnumerable<string> Observed(bool withHead) => ownLayers.Concat(withHead ? [layers] : []).Select(Statistics);
        // Items of version 1 drew nothing; a store may still hold them, with a plan of their own.
        string[] picture = plan.Request.Versions.Of(item.Kind) > 1 ? [Picture] : [];
        return item.Kind switch
        {
            WorkKind.Tokenize => [Tokens],
            WorkKind.ObserveOriginal =>
            [
                .. plan.Needs.Original is null ? [] : Observed(withHead: false),
                .. plan.Grid.CountOfFirst(item.Shard, plan.SearchSamples) > 0 ? ownLayers.Select(Samples) : [],
                .. reachesEnds ? plan.Needs.PoolsResidual ? [Pool] : [] : (string[])[Hidden],
            ],
            WorkKind.ObserveRanges or WorkKind.ObserveMoments => Observed(reachesEnds),
            WorkKind.ObserveRotated => Observed(withHead: false),
            WorkKind.ObserveTransformed when plan.Needs.IsSequential => [Statistics(item.First), .. item.First < layers ? [Hidden] : (string[])[]],
            WorkKind.ObserveTransformed => [.. Observed(reachesEnds), .. reachesEnds ? [] : (string[])[Hidden]],
            WorkKind.ReduceOriginal when item.First < 0 => [Pool],
            WorkKind.ReduceOriginal or WorkKind.ReduceRanges or WorkKind.ReduceMoments or WorkKind.ReduceRotated or WorkKind.ReduceTransformed => [Statistics(item.First)],
            WorkKind.ResidualRotation => [Rotation, .. picture],
            WorkKind.SearchSmoothing => [Choice],
            WorkKind.Transform => [Transform, .. picture, .. plan.Needs is { Smooths: true, Searches: false } ? [Choice] : (string[])[]],
            WorkKind.Quantize when item.First < layers => [Layer, Report, .. picture],
            WorkKind.Quantize => [Embeddings, Head, Report, .. picture],
            WorkKind.TokenizeEvaluation => Enumerable.Range(0, plan.Evaluation!.Shards).Select(Windows),
            WorkKind.EvaluateFloat => [HeadInputs, Scores],
            WorkKind.Evaluate => [Scores],
            WorkKind.ReduceEvaluation => [Evaluation],
            _ => [],
        };
    }
}
