namespace MambaQuant.Pipeline.Planning;

/// <summary>What a work item does.</summary>
public enum WorkKind
{
    /// <summary>Makes the calibration sequences: from a text, or sampled from the float model.</summary>
    Tokenize,

    /// <summary>Runs a block of layers of the original model over a shard of the sequences, and observes what transforms are made from.</summary>
    ObserveOriginal,

    /// <summary>Merges the shards' statistics of one layer of the original model, or the pool of the residual stream.</summary>
    ReduceOriginal,

    /// <summary>Observes the ranges of a block of layers of the original model on a shard, with which reports compare; apart, since not every scheme has any.</summary>
    ObserveRanges,

    /// <summary>Merges the shards' ranges of one layer of the original model.</summary>
    ReduceRanges,

    /// <summary>Sums the second moments that GPTQ reads in a block of layers of the original model on a shard; apart, since they depend on the scheme.</summary>
    ObserveMoments,

    /// <summary>Merges the shards' second moments of one layer.</summary>
    ReduceMoments,

    /// <summary>Makes the rotation of the residual stream from the pooled covariance.</summary>
    ResidualRotation,

    /// <summary>Observes the norms of a block of layers in the rotated basis, where a recipe smooths them there.</summary>
    ObserveRotated,

    /// <summary>Merges the shards' ranges of one layer's norm in the rotated basis.</summary>
    ReduceRotated,

    /// <summary>Chooses the smoothing factors of one layer.</summary>
    SearchSmoothing,

    /// <summary>Makes the transform of one layer: parameters only.</summary>
    Transform,

    /// <summary>Observes a block of layers of the transformed model on a shard of the sequences.</summary>
    ObserveTransformed,

    /// <summary>Merges the shards' statistics of one layer of the transformed model.</summary>
    ReduceTransformed,

    /// <summary>Quantizes one layer, or embeddings, final norm and head.</summary>
    Quantize,

    /// <summary>Writes the quantized checkpoint.</summary>
    Assemble,

    /// <summary>Makes the windows of an evaluation from a text.</summary>
    TokenizeEvaluation,

    /// <summary>Runs the float model over a shard of the windows: what its head reads, and its losses.</summary>
    EvaluateFloat,

    /// <summary>Runs the quantized model over a shard of the windows: its losses, and how far it is from the float model.</summary>
    Evaluate,

    /// <summary>Adds the shards of an evaluation up.</summary>
    ReduceEvaluation,
}
