using System.Globalization;
using MambaQuant.Dashboard.Drawing;

namespace MambaQuant.Dashboard.Reports;

/// <summary>Float against quantized, and beside the other checkpoints of the same call.</summary>
internal static class EvaluationSection
{
    /// <summary>Writes the section; nothing where nothing was evaluated and nothing else was made.</summary>
    /// <param name="page">The page.</param>
    /// <param name="files">The checkpoint.</param>
    /// <param name="others">The other checkpoints of the same call.</param>
    public static void Write(Markup page, CheckpointFiles files, IReadOnlyList<CheckpointFiles> others)
    {
        if (files.Evaluation is null && others.Count == 0)
        {
            return;
        }

        PageFrame.Section(page, others.Count == 0 ? "Float and quantized" : "Float, quantized, and the other recipes of this call", section =>
            Compared(section, [files.Summary, .. others.Select(other => other.Summary)]));
    }

    /// <summary>Writes table and bars of some checkpoints.</summary>
    /// <param name="page">The page.</param>
    /// <param name="summaries">The checkpoints, the one that it is about first.</param>
    /// <param name="names">What they are called; null for recipe and scheme.</param>
    public static void Compared(Markup page, IReadOnlyList<CheckpointSummary> summaries, IReadOnlyList<string>? names = null)
    {
        string[] texts = [.. summaries.Select(summary => summary.Evaluation is { } made
            ? $"{made.Text}, {made.Tokens.ToString("N0", CultureInfo.InvariantCulture)} tokens in windows of {made.WindowLength}"
            : string.Empty).Where(text => text.Length > 0).Distinct()];
        names ??= [.. summaries.Select(summary => $"{summary.Recipe} {summary.Scheme}".Trim())];
        if (texts.Length > 1)
        {
            page.Text("p", $"They were evaluated on different texts, so perplexities do not compare: {string.Join("; ", texts)}.", "warning");
        }

        bool hasSpeed = summaries.Any(summary => summary.Evaluation?.Quantized.TokensPerSecond is not null || summary.Evaluation?.Float?.TokensPerSecond is not null);
        string[] speed = hasSpeed ? ["tokens/s"] : [];
        var table = new Table(
            texts.Length == 1 ? $"Evaluated on {texts[0]}. KL: mean divergence from the float model, nats per token; top-1: same most likely next token."
                : "Sizes, and the least signal to noise of any layer in decibels.",
            ["", "perplexity", "against float", "KL (nats)", "top-1", "size", .. speed, "weights, least (dB)", "activations, least (dB)"]);
        if (summaries.Select(summary => summary.Evaluation?.Float).OfType<ModelEvaluation>().FirstOrDefault() is { } floating && texts.Length == 1)
        {
            table.Add(["float", Perplexity(floating), "", "", "", Figures.Megabytes(floating.SizeBytes), .. hasSpeed ? [Speed(floating)] : (TableCell[])[], "", ""]);
        }

        for (int index = 0; index < summaries.Count; index++)
        {
            CheckpointSummary summary = summaries[index];
            ModelEvaluation? own = summary.Evaluation?.Quantized;
            table.Add(
            [
                names[index],
                own is null ? Figures.Nothing : Perplexity(own),
                summary.PerplexityChange is { } change ? Percent(change) : Figures.Nothing,
                own?.KlMean?.ToString("0.00000", CultureInfo.InvariantCulture) ?? Figures.Nothing,
                own?.Top1Agreement is { } agreement ? Share(agreement) : Figures.Nothing,
                Figures.Megabytes(summary.QuantizedBytes),
                .. hasSpeed ? [own is null ? Figures.Nothing : Speed(own)] : (TableCell[])[],
                new TableCell(Figures.Decibels(summary.WorstWeights), Shades.OfDecibels(summary.WorstWeights)),
                new TableCell(Figures.Decibels(summary.WorstActivation), Shades.OfDecibels(summary.WorstActivation)),
            ]);
        }

        table.Write(page);
        if (summaries.Any(summary => summary.Evaluation is { Quantized.TokensPerSecond: null }))
        {
            page.Text("p", "Speed was not measured where it is missing: the evaluation was reused, or nobody watched it run. mambaquant evaluate FOLDER --text FILE --reference MODEL --save measures it.", "note");
        }

        page.Group("div", "panels", panels => Bars(panels, summaries, names, texts.Length == 1));
    }

    /// <summary>A perplexity, as the table of <c>quantize</c> has it.</summary>
    /// <param name="evaluation">The evaluation.</param>
    public static string Perplexity(ModelEvaluation evaluation) => evaluation.Perplexity.ToString("0.000", CultureInfo.InvariantCulture);

    /// <summary>A change, as the table of <c>quantize</c> has it.</summary>
    /// <param name="change">In percent.</param>
    public static string Percent(double change) => $"{change.ToString("+0.00;-0.00;0.00", CultureInfo.InvariantCulture)} %";

    /// <summary>A share, as the table of <c>quantize</c> has it.</summary>
    /// <param name="share">0 to 1.</param>
    public static string Share(double share) => $"{(100 * share).ToString("0.00", CultureInfo.InvariantCulture)} %";

    private static void Bars(Markup panels, IReadOnlyList<CheckpointSummary> summaries, IReadOnlyList<string> names, bool comparesTexts)
    {
        (CheckpointSummary Summary, string Name)[] named = [.. summaries.Zip(names)];
        if (comparesTexts && named.Any(one => one.Summary.PerplexityChange is not null))
        {
            new BarList("Change of perplexity against float (%)", [.. named.Where(one => one.Summary.PerplexityChange is not null)
                .Select(one => (one.Name, one.Summary.PerplexityChange!.Value, Percent(one.Summary.PerplexityChange!.Value), one.Summary.PerplexityChange > 0 ? "before" : "after"))]).Write(panels);
            new BarList("KL divergence from float (nats per token)", [.. named.Where(one => one.Summary.Evaluation?.Quantized.KlMean is not null)
                .Select(one => (one.Name, one.Summary.Evaluation!.Quantized.KlMean!.Value, one.Summary.Evaluation!.Quantized.KlMean!.Value.ToString("0.00000", CultureInfo.InvariantCulture), "before"))]).Write(panels);
        }

        new BarList("Size of the tensors (MB)",
        [
            ("float", summaries[0].FloatBytes, Figures.Megabytes(summaries[0].FloatBytes), "hadamard"),
            .. named.Select(one => (one.Name, (double)one.Summary.QuantizedBytes, Figures.Megabytes(one.Summary.QuantizedBytes), "after")),
        ]).Write(panels);
    }

    /// <summary>A speed with the workers that it took.</summary>
    /// <param name="evaluation">The evaluation.</param>
    public static string Speed(ModelEvaluation evaluation) => evaluation.TokensPerSecond is { } speed
        ? speed.ToString("N0", CultureInfo.InvariantCulture) + (evaluation.Workers is { } workers ? $", with {workers} {(workers == 1 ? "worker" : "workers")}" : string.Empty)
        : Figures.Nothing;
}
