using MambaQuant.Quant.Checkpoints;

namespace MambaQuant.Dashboard.Reports;

/// <summary>A checkpoint in one line of a table.</summary>
public sealed record CheckpointSummary
{
    /// <summary>The folder as it was named.</summary>
    public required string Checkpoint { get; init; }

    /// <summary>Name of the recipe.</summary>
    public required string Recipe { get; init; }

    /// <summary>Name of the scheme.</summary>
    public required string Scheme { get; init; }

    /// <summary>Bytes of the float model's tensors.</summary>
    public required long FloatBytes { get; init; }

    /// <summary>Bytes of the checkpoint's tensors.</summary>
    public required long QuantizedBytes { get; init; }

    /// <summary>Least signal to noise of the weights of any layer, in decibels; null where none is quantized, or nothing is lost.</summary>
    public double? WorstWeights { get; init; }

    /// <summary>Where that is, such as "out_proj of layer 3".</summary>
    public string? WorstWeightsAt { get; init; }

    /// <summary>Least signal to noise of the activations of any layer, in decibels; null where none was measured, or nothing is lost.</summary>
    public double? WorstActivation { get; init; }

    /// <summary>Where that is.</summary>
    public string? WorstActivationAt { get; init; }

    /// <summary>How well it predicts a text; null where it was not evaluated.</summary>
    public CheckpointEvaluation? Evaluation { get; init; }

    /// <summary>Sums a checkpoint up.</summary>
    /// <param name="checkpoint">The folder as it was named.</param>
    /// <param name="report">Its report.</param>
    /// <param name="evaluation">Its evaluation, or null.</param>
    public static CheckpointSummary Of(string checkpoint, CheckpointReport report, CheckpointEvaluation? evaluation)
    {
        ArgumentNullException.ThrowIfNull(report);
        (double? weights, string? weightsAt) = Worst(report.Layers.SelectMany((layer, index) =>
            layer.Modules.Where(module => module.Weights is not null).Select(module => (module.SqnrAfter, $"{module.Module} of layer {index}"))));
        (double? activation, string? activationAt) = Worst(report.Layers.SelectMany((layer, index) =>
            layer.Sites.Where(site => site.Input is not null).Select(site => (site.SqnrAfter, $"{site.Site} of layer {index}"))));
        return new CheckpointSummary
        {
            Checkpoint = checkpoint,
            Recipe = report.Recipe,
            Scheme = report.Scheme,
            FloatBytes = report.FloatBytes,
            QuantizedBytes = report.QuantizedBytes,
            WorstWeights = weights,
            WorstWeightsAt = weightsAt,
            WorstActivation = activation,
            WorstActivationAt = activationAt,
            Evaluation = evaluation,
        };
    }

    /// <summary>Change of perplexity against the float model, in percent; null where either is missing.</summary>
    internal double? PerplexityChange => Evaluation is { Float: { } floating, Quantized: { } own } ? 100 * ((own.Perplexity / floating.Perplexity) - 1) : null;

    private static (double? Value, string? At) Worst(IEnumerable<(double? Value, string At)> entries)
    {
        (double? Value, string At)[] finite = [.. entries.Where(entry => entry.Value is double value && double.IsFinite(value))];
        return finite.Length == 0 ? (null, null) : finite.MinBy(entry => entry.Value);
    }
}
