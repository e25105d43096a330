namespace MambaQuant.Pipeline.Planning;

/// <summary>What calibration data a job has, as far as its results depend on it.</summary>
public sealed record CalibrationIdentity
{
    /// <summary>The source of sequences that the float model samples itself.</summary>
    public const string SelfSource = "self";

    /// <summary>Name of the source for the manifest: a file name without its path, or "self".</summary>
    public required string Source { get; init; }

    /// <summary>SHA-256 of the text; null where the model samples itself or the sequences are given.</summary>
    public string? Text { get; init; }

    /// <summary>SHA-256 of the tokenizer that reads the text; null without a text.</summary>
    public string? Tokenizer { get; init; }

    /// <summary>SHA-256 of the ids of sequences that were made before; null where the job makes its own.</summary>
    public string? Tokens { get; init; }

    /// <summary>Number of sequences.</summary>
    /// <value>At least 2.</value>
    public required int Samples { get; init; }

    /// <summary>Tokens per sequence.</summary>
    /// <value>At least 2.</value>
    public required int SequenceLength { get; init; }

    /// <summary>Sequences that a smoothing search sees; at most <see cref="Samples"/> of them are used.</summary>
    /// <value>8 by default; at least 2.</value>
    public int SearchSamples { get; init; } = 8;

    /// <summary>Seed of every random choice.</summary>
    /// <value>0 by default.</value>
    public ulong Seed { get; init; }

    /// <summary>Whether the float model samples the sequences.</summary>
    public bool IsSelf => Text is null && Tokens is null;

    /// <summary>Tokens of all sequences.</summary>
    public long TokenCount => (long)Samples * SequenceLength;
}
