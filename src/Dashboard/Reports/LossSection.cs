using System.Globalization;
using MambaQuant.Dashboard.Drawing;
using MambaQuant.Quant.Checkpoints;

namespace MambaQuant.Dashboard.Reports;

/// <summary>Signal to quantization noise, layer by layer: which layers and modules lose most, and what the transforms gained.</summary>
internal static class LossSection
{
    /// <summary>Writes the section.</summary>
    /// <param name="page">The page.</param>
    /// <param name="files">The checkpoint.</param>
    public static void Write(Markup page, CheckpointFiles files) => PageFrame.Section(page, "What was lost, layer by layer", section =>
    {
        section.Text("p", "SQNR is the signal to quantization noise in decibels: 10 dB more is a tenth of the noise. Before: the same quantizer on the untransformed model. After: as written.");
        Entry[] weights = [.. Entries(files.Report.Layers, layer => layer.Modules.Where(module => module.Weights is not null).Select(module => (module.Module, module.SqnrBefore, module.SqnrAfter)))];
        Entry[] activations = [.. Entries(files.Report.Layers, layer => layer.Sites.Where(site => site.Input is not null).Select(site => (site.Site, site.SqnrBefore, site.SqnrAfter)))];
        Most(section, weights, "weights");
        Most(section, activations, "activations");
        if (files.Report.Layers.Any(layer => layer.Modules.Any(module => module.Damping is not null)))
        {
            section.Text("p", "GPTQ gives up some of the weights' own SQNR for less error at the output; before is rounded to nearest.");
        }

        Charts(section, weights, "Weights");
        Charts(section, activations, "Activations");
        LayerTable(section, weights, "SQNR of the weights after quantization (dB), by layer; the stronger the colour, the more is lost.");
        LayerTable(section, activations, "SQNR of the activations after quantization (dB), by layer; the stronger the colour, the more is lost.");
        Ends(section, files.Report.Ends);
    });

    private static IEnumerable<Entry> Entries(IReadOnlyList<LayerReport> layers, Func<LayerReport, IEnumerable<(string Name, double? Before, double? After)>> select) =>
        layers.SelectMany((layer, index) => select(layer).Select(found => new Entry(index, found.Name, found.Before, found.After)));

    private static void Most(Markup section, Entry[] entries, string what)
    {
        Entry[] worst = [.. entries.Where(entry => entry.After is double after && double.IsFinite(after)).OrderBy(entry => entry.After).Take(3)];
        if (worst.Length > 0)
        {
            section.Text("p", $"Of the {what}, these lose most: {string.Join("; ", worst.Select(entry => $"{entry.Name} of layer {entry.Layer}, {Figures.Decibels(entry.After)} dB"))}.");
        }
    }

    private static void Charts(Markup section, Entry[] entries, string what)
    {
        Entry[] measured = [.. entries.Where(entry => entry.After is not null)];
        if (measured.Length == 0)
        {
            return;
        }

        section.Text("h3", what);
        Axis y = Axis.Around("SQNR (dB)", measured.SelectMany(entry => new[] { entry.Before ?? double.NaN, entry.After ?? double.NaN }), isLogarithmic: false);
        int layers = measured.Max(entry => entry.Layer);
        var x = new Axis("layer", 0, Math.Max(1, layers));
        section.Group("div", "panels", panels =>
        {
            foreach (var group in measured.GroupBy(entry => entry.Name))
            {
                bool differs = group.Any(entry => entry.Before is not null && entry.Before != entry.After);
                var after = new PlotLine("after", "after", [.. group.Select(entry => ((double)entry.Layer, entry.After ?? double.NaN))]) { IsDotted = layers < 40 };
                var before = new PlotLine("before", "before", [.. group.Select(entry => ((double)entry.Layer, entry.Before ?? double.NaN))]) { IsDotted = layers < 40 };
                string gain = differs ? $", {Mean(group, entry => entry.Before)} → {Mean(group, entry => entry.After)} dB on average" : $", {Mean(group, entry => entry.After)} dB on average";
                new Plot(group.Key + gain, $"Signal to noise of {group.Key} by layer, before and after the transforms, in decibels.", x, y)
                {
                    Lines = differs ? [before, after] : [after],
                }.Write(panels);
            }
        });
    }

    private static string Mean(IEnumerable<Entry> entries, Func<Entry, double?> select)
    {
        double[] known = [.. entries.Select(select).OfType<double>().Where(double.IsFinite)];
        return known.Length == 0 ? Figures.Nothing : Figures.Decibels(known.Average());
    }

    private static void LayerTable(Markup section, Entry[] entries, string caption)
    {
        string[] names = [.. entries.Select(entry => entry.Name).Distinct()];
        var table = new Table(caption, ["layer", .. names]);
        foreach (var layer in entries.GroupBy(entry => entry.Layer))
        {
            table.Add([layer.Key.ToString(CultureInfo.InvariantCulture), .. names.Select(name => Cell(layer.FirstOrDefault(entry => entry.Name == name)?.After))]);
        }

        table.Write(section);
    }

    private static void Ends(Markup section, LayerReport ends)
    {
        var table = new Table("Embeddings and head: SQNR (dB).", ["", "before", "after"]);
        foreach ((string name, double? before, double? after) in ends.Modules.Where(module => module.Weights is not null).Select(module => (module.Module, module.SqnrBefore, module.SqnrAfter))
                     .Concat(ends.Sites.Where(site => site.Input is not null).Select(site => (site.Site, site.SqnrBefore, site.SqnrAfter))))
        {
            table.Add([name, Cell(before), Cell(after)]);
        }

        table.Write(section);
    }

    private static TableCell Cell(double? decibels) => new(Figures.Decibels(decibels), Shades.OfDecibels(decibels));

    private sealed record Entry(int Layer, string Name, double? Before, double? After);
}
