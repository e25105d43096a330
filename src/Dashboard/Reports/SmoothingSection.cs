using System.Globalization;
using MambaQuant.Dashboard.Drawing;
using MambaQuant.Quant.Checkpoints;

namespace MambaQuant.Dashboard.Reports;

/// <summary>What smoothing chose at every site, and what that gained.</summary>
internal static class SmoothingSection
{
    /// <summary>Writes the section; nothing where the recipe smooths nothing.</summary>
    /// <param name="page">The page.</param>
    /// <param name="files">The checkpoint.</param>
    public static void Write(Markup page, CheckpointFiles files)
    {
        string[] sites = [.. files.Report.Layers.SelectMany(layer => layer.Smoothings.Select(smoothing => smoothing.Site)).Distinct()];
        if (sites.Length == 0)
        {
            return;
        }

        PageFrame.Section(page, "Smoothing", section =>
        {
            section.Text("p", "Activations are divided by the factors, and what reads them is multiplied: outliers move to where they cost less. The strength α says how far, 0 to 1; a site that did not help was left alone. Block error: of the quantized block's output, relative to the output, with all choices so far.");
            Errors(section, files.Report, sites);
            if (files.Pictures is { } pictures && pictures.Layers.Any(layer => layer.Smoothings.Any(smoothing => smoothing.Factors is not null)))
            {
                section.Text("h3", "Factors");
                ChannelSection.Legend(section, "d", Shades.FactorNames);
                section.Group("div", "panels", panels =>
                {
                    foreach (string site in sites)
                    {
                        Map(panels, site, pictures);
                    }
                });
            }

            Choices(section, files.Report, sites);
        });
    }

    private static void Errors(Markup section, CheckpointReport report, string[] sites)
    {
        (int Layer, double Before, double After)[] errors =
        [
            .. report.Layers.Select((layer, index) => (Index: index, Searched: layer.Smoothings.Where(smoothing => smoothing is { ErrorBefore: not null, ErrorAfter: not null }).ToArray()))
                .Where(layer => layer.Searched.Length > 0)
                .Select(layer => (layer.Index, 100 * layer.Searched[0].ErrorBefore!.Value, 100 * layer.Searched[^1].ErrorAfter!.Value)),
        ];
        if (errors.Length == 0)
        {
            return;
        }

        double gain = errors.Average(error => error.Before > 0 ? 1 - (error.After / error.Before) : 0);
        section.Text("p", $"The search took {(100 * gain).ToString("0.0", CultureInfo.InvariantCulture)} % off the block error, on average of the layers.", "finding");
        bool isDotted = errors.Length < 40;
        section.Group("div", "panels", panels =>
        {
            new Plot(
                "Block error without and with smoothing",
                "Output error of each quantized block relative to its output, in percent, before the first site was smoothed and after the last.",
                new Axis("layer", 0, Math.Max(1, report.Layers.Length - 1)),
                Axis.Around("block error (%)", errors.SelectMany(error => new[] { error.Before, error.After }), isLogarithmic: true))
            {
                Lines =
                [
                    new PlotLine("without", "before", [.. errors.Select(error => ((double)error.Layer, error.Before))]) { IsDotted = isDotted },
                    new PlotLine("with", "after", [.. errors.Select(error => ((double)error.Layer, error.After))]) { IsDotted = isDotted },
                ],
            }.Write(panels);
            string[] styles = ["before", "after", "hadamard", "ink", "fourth"];
            new Plot(
                "Strength α that was chosen",
                "Migration strength by layer, a line a site; a gap where the site was left alone.",
                new Axis("layer", 0, Math.Max(1, report.Layers.Length - 1)),
                new Axis("strength α (0 to 1)", -0.05, 1.05))
            {
                Lines = [.. sites.Select((site, index) => new PlotLine(site, styles[index % styles.Length], [.. report.Layers.Select((layer, number) =>
                    ((double)number, layer.Smoothings.FirstOrDefault(smoothing => smoothing.Site == site)?.Strength ?? double.NaN))]) { Round = index / styles.Length, IsDotted = isDotted })],
            }.Write(panels);
        });
    }

    private static void Map(Markup panels, string site, CheckpointPictures pictures)
    {
        ChannelProfile?[] rows = [.. pictures.Layers.Select(layer => layer.Smoothings.FirstOrDefault(smoothing => smoothing.Site == site)?.Factors)];
        if (rows.OfType<ChannelProfile>().FirstOrDefault() is not { } any)
        {
            return;
        }

        new HeatMap(
            $"{site}: factors {Figures.Short(rows.OfType<ChannelProfile>().Min(row => row.Quantiles[0]))} to {Figures.Short(rows.OfType<ChannelProfile>().Max(row => row.Quantiles[^1]))}",
            $"Smoothing factors of {site} by layer and channel; of neighbouring channels that which is farthest from one. An empty row was left alone.",
            [.. rows.Select(row => row is null ? [] : Cells(row))],
            Shades.FactorCount,
            "d",
            $"channel (of {any.Channels})").Write(panels);
    }

    private static int[] Cells(ChannelProfile row)
    {
        ReadOnlySpan<double> largest = row.Largest.AsSpan(), smallest = row.Smallest is { } kept ? kept.AsSpan() : largest;
        double[] farthest = new double[largest.Length];
        for (int bin = 0; bin < farthest.Length; bin++)
        {
            farthest[bin] = Farther(largest[bin], smallest[bin]);
        }

        return [.. ChannelSection.Columns(farthest, chunk => chunk.Aggregate(Farther)).Select(Shades.OfFactor)];
    }

    private static double Farther(double a, double b) => Math.Max(a, 1 / a) >= Math.Max(b, 1 / b) ? a : b;

    private static void Choices(Markup section, CheckpointReport report, string[] sites)
    {
        var table = new Table(
            "What was chosen: strength α, smallest and largest factor, block error before → after (%).",
            ["layer", .. sites])
        {
            IsOfWords = true,
        };
        for (int layer = 0; layer < report.Layers.Length; layer++)
        {
            table.Add([layer.ToString(CultureInfo.InvariantCulture), .. sites.Select(site => (TableCell)Choice(report.Layers[layer].Smoothings.FirstOrDefault(smoothing => smoothing.Site == site)))]);
        }

        table.Write(section);
    }

    private static string Choice(SmoothingReport? smoothing)
    {
        if (smoothing is null)
        {
            return Figures.Nothing;
        }

        string errors = smoothing is { ErrorBefore: { } before, ErrorAfter: { } after } ? $", {Figures.Short(100 * before)} → {Figures.Short(100 * after)} %" : string.Empty;
        return smoothing.Strength is { } strength
            ? $"α {Figures.Tick(strength)}, {Figures.Short(smoothing.SmallestFactor)}–{Figures.Short(smoothing.LargestFactor)}{errors}"
            : $"left alone{errors}";
    }
}
