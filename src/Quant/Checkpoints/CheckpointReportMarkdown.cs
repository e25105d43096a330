using System.Globalization;
using System.Text;
using MambaQuant.Quant.Quantization;

namespace MambaQuant.Quant.Checkpoints;

/// <summary>Writes report.md: what report.json says, for people.</summary>
internal static class CheckpointReportMarkdown
{
    /// <summary>Makes the text.</summary>
    public static string Write(CheckpointReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var text = new StringBuilder();
        Line(text, $"# {report.Recipe}, {report.Scheme}");
        Line(text);
        Line(text, $"{Megabytes(report.FloatBytes)} float, {Megabytes(report.QuantizedBytes)} quantized: "
            + Text($"{100.0 * report.QuantizedBytes / Math.Max(1, report.FloatBytes):F1} %."));
        Line(text, "SQNR is the signal to quantization noise in decibels: before = the same quantizer on the untransformed model, after = as written.");
        Line(text);
        Summary(text, report);
        Section(text, "Embeddings and head", report.Ends);
        for (int layer = 0; layer < report.Layers.Length; layer++)
        {
            Section(text, $"Layer {layer}", report.Layers[layer]);
        }

        return text.ToString();
    }

    /// <summary>The weakest layer of every module and site, since one bad layer decides.</summary>
    private static void Summary(StringBuilder text, CheckpointReport report)
    {
        Line(text, "## All layers");
        Line(text);
        Line(text, "| weights or activation | SQNR before: worst, mean | SQNR after: worst, mean | worst layer |");
        Line(text, "|---|---|---|---|");
        var rows = report.Layers.SelectMany((layer, index) =>
            layer.Modules.Where(module => module.Weights is not null).Select(module => (Name: module.Module, Layer: index, Before: module.SqnrBefore, After: module.SqnrAfter))
            .Concat(layer.Sites.Where(site => site.Input is not null).Select(site => (Name: site.Site, Layer: index, Before: site.SqnrBefore, After: site.SqnrAfter))));
        foreach (var group in rows.GroupBy(row => row.Name))
        {
            string worst = group.Where(row => row.After is not null).OrderBy(row => row.After).Select(row => Text($"{row.Layer}")).FirstOrDefault() ?? "–";
            Line(text, $"| {group.Key} | {WorstAndMean(group.Select(row => row.Before))} | {WorstAndMean(group.Select(row => row.After))} | {worst} |");
        }

        Line(text);
    }

    private static string WorstAndMean(IEnumerable<double?> values)
    {
        List<double> known = [.. values.OfType<double>()];
        return known.Count == 0 ? "–" : $"{Decibels(known.Min())}, {Decibels(known.Average())}";
    }

    private static void Section(StringBuilder text, string title, LayerReport layer)
    {
        Line(text, $"## {title}");
        Line(text);
        if (layer.Modules.Length > 0)
        {
            Line(text, "| weights | scheme | bytes | SQNR before | after | damping |");
            Line(text, "|---|---|---|---|---|---|");
            foreach (ModuleReport module in layer.Modules)
            {
                Line(text, Text($"| {module.Module} | {Scheme(module.Weights)} | {module.Bytes} | {Decibels(module.SqnrBefore)} | {Decibels(module.SqnrAfter)} | {Short(module.Damping)} |"));
            }

            Line(text);
        }

        if (layer.Sites.Length > 0)
        {
            Line(text, "| activation | scheme | range | scale | zero point | SQNR before | after |");
            Line(text, "|---|---|---|---|---|---|---|");
            foreach (SiteReport site in layer.Sites)
            {
                string scale = site.SmallestScale == site.LargestScale ? Short(site.SmallestScale) : $"{Short(site.SmallestScale)} … {Short(site.LargestScale)}";
                Line(text, Text($"| {site.Site} | {Scheme(site.Input)} | {Short(site.Minimum)} … {Short(site.Maximum)} | {scale} | {site.ZeroPoint?.ToString(CultureInfo.InvariantCulture) ?? "–"} | {Decibels(site.SqnrBefore)} | {Decibels(site.SqnrAfter)} |"));
            }

            Line(text);
        }

        if (layer.Smoothings.Length > 0)
        {
            Line(text, "| smoothing | strength | factors | block error before | after |");
            Line(text, "|---|---|---|---|---|");
            foreach (SmoothingReport smoothing in layer.Smoothings)
            {
                Line(text, $"| {smoothing.Site} | {Short(smoothing.Strength)} | {Short(smoothing.SmallestFactor)} … {Short(smoothing.LargestFactor)} | {Short(smoothing.ErrorBefore)} | {Short(smoothing.ErrorAfter)} |");
            }

            Line(text);
        }
    }

    private static string Scheme(QuantizationArgs? args)
    {
        if (args is null)
        {
            return "float";
        }

        string scope = args.Strategy == QuantizationStrategy.Group ? Text($"groups of {args.GroupSize}") : $"per {args.Strategy.Name()}";
        return Text($"{args.Bits} bits, {scope}{(args.Symmetric ? string.Empty : ", asymmetric")}{(args.Dynamic ? ", dynamic" : string.Empty)}");
    }

    private static string Decibels(double? value) => value switch
    {
        null => "–",
        double.PositiveInfinity => "exact",
        _ => Text($"{value:F1}"),
    };

    private static string Short(double? value) => value is null ? "–" : Text($"{value:G4}");

    private static string Megabytes(long bytes) => Text($"{bytes / 1e6:F2} MB");

    private static string Text(FormattableString text) => FormattableString.Invariant(text);

    private static void Line(StringBuilder text, string line = "") => text.Append(line).Append('\n');
}
