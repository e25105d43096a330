namespace MambaQuant.Quant.Evaluation;

/// <summary>Options of <see cref="Evaluator"/>; they change speed and memory, never a result.</summary>
public sealed record EvaluationOptions
{
    /// <summary>Windows of equal length that run at once.</summary>
    /// <value>8 by default; at least 1.</value>
    public int BatchSize { get; init; } = 8;

    /// <summary>Logits held at once; what the head makes is cut into rows of tokens to stay below it.</summary>
    /// <value>2²⁴ by default (64 MB); at least 1, and one row of the vocabulary is always held.</value>
    public int MaxLogits { get; init; } = 1 << 24;
}
