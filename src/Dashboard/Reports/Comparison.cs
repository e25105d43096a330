using System.Collections.Immutable;
using MambaQuant.Dashboard.Drawing;
using MambaQuant.Quant.Checkpoints;

namespace MambaQuant.Dashboard.Reports;

/// <summary>Several checkpoints side by side: in one page, or in lines of a table.</summary>
public sealed class Comparison
{
    private static readonly string[] Styles = ["after", "before", "hadamard", "fourth", "ink"];

    private readonly ImmutableArray<CheckpointFiles> _files;

    private Comparison(ImmutableArray<CheckpointFiles> files)
    {
        _files = files;
    }

    /// <summary>The checkpoints in one line each, in the order in which they were named.</summary>
    public ImmutableArray<CheckpointSummary> Summaries => [.. _files.Select(files => files.Summary)];

    /// <summary>Reads checkpoints; of their weights not a byte.</summary>
    /// <param name="directories">Their folders, as they were named.</param>
    /// <exception cref="InvalidCheckpointException">One is no checkpoint, or damaged; the message names it and the next step.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static Comparison Read(IEnumerable<string> directories)
    {
        ArgumentNullException.ThrowIfNull(directories);
        return new Comparison([.. directories.Select(CheckpointFiles.Read)]);
    }

    /// <summary>Writes the page, beside its place and renamed.</summary>
    /// <param name="path">The file to make.</param>
    /// <exception cref="OutputDirectoryException">The file is there already.</exception>
    /// <exception cref="IOException">The disk is full or failed.</exception>
    public void Write(string path)
    {
        EnsureFree(path);
        ReportFile.Write(path, Page());
    }

    /// <summary>Refuses a file that is there already.</summary>
    /// <param name="path">The file to make.</param>
    /// <exception cref="OutputDirectoryException">It is.</exception>
    public static void EnsureFree(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (File.Exists(path) || Directory.Exists(path))
        {
            throw new OutputDirectoryException($"'{path}' is there already, expected a new file. Remove it, or name another one with --out.");
        }
    }

    private string Page() => PageFrame.Write($"{_files.Length} quantized checkpoints compared", body =>
    {
        string[] names = [.. _files.Select(files => files.Name)];
        body.Element("header", null, header => header.Text("h1", $"{_files.Length} quantized checkpoints compared").Text("p", string.Join(" · ", names), "of"));
        PageFrame.Section(body, "Side by side", section =>
        {
            if (_files.Select(files => files.Report.FloatBytes).Distinct().Count() > 1)
            {
                section.Text("p", "Their float models differ in size: these are checkpoints of different models.", "warning");
            }

            var table = new Table("What they are.", ["checkpoint", "recipe", "scheme", "layers"]);
            foreach (CheckpointFiles files in _files)
            {
                table.Add([files.Name, files.Report.Recipe, files.Report.Scheme, Figures.Tick(files.Report.Layers.Length)]);
            }

            table.Write(section);
            EvaluationSection.Compared(section, Summaries, names);
        });
        Losses(body, "Weights: what was lost, layer by layer", layer => layer.Modules.Where(module => module.Weights is not null).Select(module => (module.Module, module.SqnrAfter)));
        Losses(body, "Activations: what was lost, layer by layer", layer => layer.Sites.Where(site => site.Input is not null).Select(site => (site.Site, site.SqnrAfter)));
        Outliers(body);
    });

    private void Losses(Markup body, string heading, Func<LayerReport, IEnumerable<(string Name, double? Value)>> select)
    {
        string[] names = [.. _files.SelectMany(files => files.Report.Layers.SelectMany(select)).Where(entry => entry.Value is not null).Select(entry => entry.Name).Distinct()];
        Panels(body, heading, "SQNR: signal to quantization noise in decibels, after the transforms; 10 dB more is a tenth of the noise.", names, "SQNR (dB)", isLogarithmic: false, (files, name) =>
            [.. files.Report.Layers.Select(layer => select(layer).FirstOrDefault(entry => entry.Name == name).Value ?? double.NaN)]);
    }

    private void Outliers(Markup body)
    {
        string[] names = [.. _files.SelectMany(files => files.Pictures?.Layers ?? []).SelectMany(layer => layer.Sites).Where(site => site.Axis == "channel" && site.MagnitudeAfter is not null).Select(site => site.Site).Distinct()];
        Panels(body, "Outlier channels that are left", "Largest magnitude of a channel over that of the median channel, after the transforms; 1 is flat.", names, "largest over median (×)", isLogarithmic: true, (files, name) =>
            [.. (files.Pictures?.Layers ?? []).Select(layer => layer.Sites.FirstOrDefault(site => site.Site == name && site.Axis == "channel")?.MagnitudeAfter?.MaximumOverMedian ?? double.NaN)]);
    }

    private void Panels(Markup body, string heading, string note, string[] names, string unit, bool isLogarithmic, Func<CheckpointFiles, string, double[]> values)
    {
        if (names.Length == 0)
        {
            return;
        }

        Axis y = Axis.Around(unit, names.SelectMany(name => _files.SelectMany(files => values(files, name))), isLogarithmic);
        var x = new Axis("layer", 0, Math.Max(1, _files.Max(files => files.Report.Layers.Length) - 1));
        PageFrame.Section(body, heading, section => section.Text("p", note).Group("div", "panels", panels =>
        {
            foreach (string name in names)
            {
                new Plot(name, $"{name}: {unit} by layer, a line for each checkpoint.", x, y)
                {
                    Lines = [.. _files.Select((files, index) => new PlotLine(files.Name, Styles[index % Styles.Length], [.. values(files, name).Select((value, layer) => ((double)layer, value))]) { Round = index / Styles.Length, IsDotted = x.To < 40 })],
                }.Write(panels);
            }
        }));
    }
}
