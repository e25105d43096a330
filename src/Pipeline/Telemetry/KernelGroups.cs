namespace MambaQuant.Pipeline.Telemetry;

/// <summary>Names of the spans inside an item: what its time goes into.</summary>
public static class KernelGroups
{
    /// <summary>Weights are read, and transforms folded into them.</summary>
    public const string Load = "load";

    /// <summary>Layers run, and observe while they run.</summary>
    public const string Forward = "forward";

    /// <summary>What was observed is made ready and put.</summary>
    public const string Statistics = "statistics";

    /// <summary>Statistics of shards are merged.</summary>
    public const string Merge = "merge";

    /// <summary>Eigenvectors of a covariance become a rotation.</summary>
    public const string Eigen = "eigen";

    /// <summary>Smoothing factors are tried out.</summary>
    public const string Search = "search";

    /// <summary>Weights are rounded to the nearest.</summary>
    public const string Quantize = "quantize";

    /// <summary>Weights are rounded with compensation of the error.</summary>
    public const string Gptq = "gptq";

    /// <summary>Codes are packed and put.</summary>
    public const string Pack = "pack";

    /// <summary>Text becomes tokens, or is sampled.</summary>
    public const string Tokenize = "tokenize";

    /// <summary>Logits are made and scored.</summary>
    public const string Score = "score";

    /// <summary>What reports and the live page show of the method is drawn and put.</summary>
    public const string Picture = "picture";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Load, Forward, Statistics, Merge, Eigen, Search, Quantize, Gptq, Pack, Tokenize, Score, Picture];
}
