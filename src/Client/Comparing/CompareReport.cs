using System.Collections.Immutable;
using MambaQuant.Client.Output;
using MambaQuant.Dashboard.Reports;

namespace MambaQuant.Client.Comparing;

/// <summary>What <c>compare</c> prints.</summary>
/// <param name="Checkpoints">The checkpoints, in the order in which they were named.</param>
/// <param name="Page">The page that was written; null for none.</param>
internal sealed record CompareReport(ImmutableArray<CheckpointSummary> Checkpoints, string? Page)
{
    private const string Nothing = "–";

    /// <summary>Prints it for people.</summary>
    /// <param name="output">Where to.</param>
    public void Write(TextWriter output)
    {
        TextTable table = new("", "recipe", "perplexity", "vs float", "KL", "top-1", "size", "weights, least", "activations, least");
        foreach (CheckpointSummary checkpoint in Checkpoints)
        {
            ModelEvaluation? own = checkpoint.Evaluation?.Quantized, floating = checkpoint.Evaluation?.Float;
            table.Add(
                checkpoint.Checkpoint,
                $"{checkpoint.Recipe} {checkpoint.Scheme}",
                own is null ? Nothing : $"{own.Perplexity:0.000}",
                own is null || floating is null ? Nothing : $"{100 * ((own.Perplexity / floating.Perplexity) - 1):+0.00;-0.00;0.00} %",
                own?.KlMean is { } kl ? $"{kl:0.00000}" : Nothing,
                own?.Top1Agreement is { } agreement ? $"{100 * agreement:0.00} %" : Nothing,
                $"{ByteText.Megabytes(checkpoint.QuantizedBytes)} MB",
                Decibels(checkpoint.WorstWeights),
                Decibels(checkpoint.WorstActivation));
        }

        table.Write(output);
    }

    private static string Decibels(double? value) => value is { } decibels ? $"{decibels:0.0} dB" : Nothing;
}
