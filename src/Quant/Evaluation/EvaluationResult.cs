namespace MambaQuant.Quant.Evaluation;

/// <summary>How well a model predicts a text.</summary>
public sealed record EvaluationResult
{
    /// <summary>e to the power of <see cref="Nll"/>.</summary>
    public required double Perplexity { get; init; }

    /// <summary>Mean negative log-likelihood of the scored tokens, in nats.</summary>
    public required double Nll { get; init; }

    /// <summary>Tokens that went through the model.</summary>
    public required long Tokens { get; init; }

    /// <summary>Tokens that were scored: all but the first of each window.</summary>
    public required long Scored { get; init; }

    /// <summary>Windows.</summary>
    public required int Windows { get; init; }

    /// <summary>Tokens a second through the model, scoring included, the reference model excluded.</summary>
    public required double TokensPerSecond { get; init; }

    /// <summary>Mean KL(reference ‖ model) over the scored tokens, in nats; null without a reference.</summary>
    public double? KlMean { get; init; }

    /// <summary>Share of scored tokens for which both models prefer the same token, 0 to 1; null without a reference.</summary>
    public double? Top1Agreement { get; init; }
}
