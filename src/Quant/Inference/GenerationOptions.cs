namespace MambaQuant.Quant.Inference;

/// <summary>Options of <see cref="TextGenerator"/>.</summary>
public sealed record GenerationOptions
{
    /// <summary>Tokens to make at most.</summary>
    /// <value>128 by default; at least 0.</value>
    public int MaxTokens { get; init; } = 128;

    /// <summary>How each token is chosen.</summary>
    public SamplingOptions Sampling { get; init; } = new();

    /// <summary>Seed of the choices.</summary>
    /// <value>0 by default.</value>
    public ulong Seed { get; init; }

    /// <summary>Whether to stop at the model's end-of-text token.</summary>
    /// <value>True by default.</value>
    public bool StopsAtEndOfText { get; init; } = true;
}
