using System.Globalization;
using MambaQuant.Dashboard.Drawing;

namespace MambaQuant.Dashboard.Reports;

/// <summary>The figures that come first: size, loss, and where it is largest.</summary>
internal static class SummarySection
{
    /// <summary>Writes the section.</summary>
    /// <param name="page">The page.</param>
    /// <param name="files">The checkpoint.</param>
    public static void Write(Markup page, CheckpointFiles files)
    {
        CheckpointSummary summary = files.Summary;
        page.Group("dl", "tiles", tiles =>
        {
            double share = 100.0 * summary.QuantizedBytes / Math.Max(1, summary.FloatBytes);
            Tile(tiles, "size", Figures.Megabytes(summary.QuantizedBytes), $"{share.ToString("0", CultureInfo.InvariantCulture)} % of {Figures.Megabytes(summary.FloatBytes)} float");
            if (summary.Evaluation is { } evaluation)
            {
                Tile(tiles, "perplexity", EvaluationSection.Perplexity(evaluation.Quantized),
                    evaluation.Float is { } floating ? $"{EvaluationSection.Percent(summary.PerplexityChange!.Value)} against {EvaluationSection.Perplexity(floating)} float" : evaluation.Text);
                if (evaluation.Quantized is { KlMean: { } kl, Top1Agreement: { } agreement })
                {
                    Tile(tiles, "KL divergence", kl.ToString("0.00000", CultureInfo.InvariantCulture), $"nats per token; same next token: {EvaluationSection.Share(agreement)}");
                }

                if (evaluation.Quantized.TokensPerSecond is { } speed)
                {
                    Tile(tiles, "speed", speed.ToString("N0", CultureInfo.InvariantCulture), evaluation.Quantized.Workers is { } workers ? $"tokens per second, evaluation with {workers} {(workers == 1 ? "worker" : "workers")}" : "tokens per second, evaluation");
                }
            }

            if (summary.WorstWeights is not null)
            {
                Tile(tiles, "weights lose most in", $"{Figures.Decibels(summary.WorstWeights)} dB", summary.WorstWeightsAt!);
            }

            if (summary.WorstActivation is not null)
            {
                Tile(tiles, "activations lose most in", $"{Figures.Decibels(summary.WorstActivation)} dB", summary.WorstActivationAt!);
            }
        });
    }

    private static void Tile(Markup tiles, string name, string value, string note) => tiles.Element("div", null, tile => tile
        .Text("dt", name).Text("dd", value, "figure").Text("dd", note, "note"));
}
