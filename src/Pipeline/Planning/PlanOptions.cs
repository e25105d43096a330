namespace MambaQuant.Pipeline.Planning;

/// <summary>What a user may say of the way the work is cut; none of it changes what a layer is made of, but for the order of fp64 sums over shards.</summary>
public sealed record PlanOptions
{
    /// <summary>Blocks of layers.</summary>
    /// <value>Null by default: <see cref="GridRule"/> chooses. 1 to the number of layers.</value>
    public int? Blocks { get; init; }

    /// <summary>Shards of the calibration sequences.</summary>
    /// <value>Null by default: <see cref="GridRule"/> chooses. 1 to the number of sequences.</value>
    public int? Shards { get; init; }

    /// <summary>Shards of the windows of an evaluation; they change no bit of it.</summary>
    /// <value>Null by default: <see cref="EvaluationRule"/> chooses. 1 to the number of windows.</value>
    public int? EvaluationShards { get; init; }

    /// <summary>Bytes that one worker may hold: a shard's hidden states are kept below half of it.</summary>
    /// <value>8 GiB by default.</value>
    public long MemoryBytes { get; init; } = 8L << 30;
}
