namespace MambaQuant.Dashboard.Reports;

/// <summary>How well one model predicts the evaluation text.</summary>
public sealed record ModelEvaluation
{
    /// <summary>"float", "weight-only", "integer" or "simulated".</summary>
    public required string Compute { get; init; }

    /// <summary>Bytes of the model's tensors.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>e to the mean negative log-likelihood.</summary>
    public required double Perplexity { get; init; }

    /// <summary>Mean negative log-likelihood, in nats per scored token.</summary>
    public required double Nll { get; init; }

    /// <summary>Mean KL(float ‖ model), in nats per scored token; null without a float model.</summary>
    public double? KlMean { get; init; }

    /// <summary>Share of scored tokens whose most likely successor is the same; null without a float model.</summary>
    public double? Top1Agreement { get; init; }

    /// <summary>Tokens per second; null where it ran earlier, or nobody watched it run.</summary>
    public double? TokensPerSecond { get; init; }

    /// <summary>Workers that ran at once as a part of a job; null where the model was evaluated by itself.</summary>
    public int? Workers { get; init; }
}
