namespace MambaQuant.Quant.Evaluation;

/// <summary>How well a model predicts a text: what follows from the text and the model alone, not from the machine.</summary>
public record EvaluationScores
{
    /// <summary>e to the power of <see cref="Nll"/>.</summary>
    public double Perplexity => Math.Exp(Nll);

    /// <summary>Mean negative log-likelihood of the scored tokens, in nats.</summary>
    public required double Nll { get; init; }

    /// <summary>Tokens that went through the model.</summary>
    public required long Tokens { get; init; }

    /// <summary>Tokens that were scored: all but the first of each window.</summary>
    public required long Scored { get; init; }

    /// <summary>Windows.</summary>
    public required int Windows { get; init; }

    /// <summary>Mean KL(reference ‖ model) over the scored tokens, in nats; null without a reference.</summary>
    public double? KlMean { get; init; }

    /// <summary>Share of scored tokens for which both models prefer the same token, 0 to 1; null without a reference.</summary>
    public double? Top1Agreement { get; init; }

    /// <summary>Adds windows up.</summary>
    /// <param name="windows">All windows of the text, in its order; something was scored.</param>
    /// <param name="isCompared">Whether there was a reference.</param>
    /// <remarks>Order: windows are added one by one, so that it does not matter who scored which.</remarks>
    public static EvaluationScores Of(IReadOnlyCollection<WindowScore> windows, bool isCompared)
    {
        ArgumentNullException.ThrowIfNull(windows);
        long scored = windows.Sum(window => window.Scored);
        double divergence = 0;
        foreach (WindowScore window in windows)
        {
            divergence += window.Divergence;
        }

        return new EvaluationScores
        {
            Nll = WindowScore.Nll(windows),
            Tokens = windows.Sum(window => (long)window.Tokens),
            Scored = scored,
            Windows = windows.Count,
            KlMean = isCompared ? divergence / scored : null,
            Top1Agreement = isCompared ? (double)windows.Sum(window => window.Agreements) / scored : null,
        };
    }
}
