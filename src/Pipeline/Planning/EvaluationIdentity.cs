namespace MambaQuant.Pipeline.Planning;

/// <summary>What text a job is judged on, as far as its results depend on it.</summary>
public sealed record EvaluationIdentity
{
    /// <summary>Name of the text: a file name without its path, which says how it is read.</summary>
    public required string Source { get; init; }

    /// <summary>SHA-256 of the text.</summary>
    public required string Text { get; init; }

    /// <summary>SHA-256 of the tokenizer that reads it.</summary>
    public required string Tokenizer { get; init; }

    /// <summary>Tokens of the text.</summary>
    /// <value>At least 2.</value>
    public required long Tokens { get; init; }

    /// <summary>Tokens of a window; the last may have fewer.</summary>
    /// <value>At least 2.</value>
    public required int WindowLength { get; init; }

    /// <summary>Whether the float model is evaluated beside the quantized one, and their distributions are compared.</summary>
    /// <value>True by default.</value>
    public bool ComparesWithFloat { get; init; } = true;

    /// <summary>Windows of the text.</summary>
    public int Windows => checked((int)((Tokens + WindowLength - 1) / WindowLength));
}
