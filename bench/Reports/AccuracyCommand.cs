using System.CommandLine;
using System.Globalization;
using System.Text;
using MambaQuant.Quant.Recipes;

namespace MambaQuant.Reports;

/// <summary>The accuracy report: presets × schemes × seeds on the test split, static per-tensor activations.</summary>
internal static class AccuracyCommand
{
    private static readonly Option<DirectoryInfo> Models = new("--models") { Required = true, Description = "folder of the trained models" };
    private static readonly Option<FileInfo> Calibration = new("--calibration") { Required = true, Description = "text to calibrate on (train split)" };
    private static readonly Option<FileInfo> Text = new("--text") { Required = true, Description = "text to judge on" };
    private static readonly Option<string[]> Schemes = new("--schemes") { DefaultValueFactory = _ => ["W8A8", "W4A8", "W6A6"], AllowMultipleArgumentsPerToken = true };
    private static readonly Option<string[]> Presets = new("--presets") { DefaultValueFactory = _ => ["rtn", "smoothquant", "quarot", "mambaquant"], AllowMultipleArgumentsPerToken = true };
    private static readonly Option<int> Seeds = new("--seeds") { DefaultValueFactory = _ => 3 };
    private static readonly Option<int> Windows = new("--windows") { DefaultValueFactory = _ => 0, Description = "evaluation windows, 0 for all" };
    private static readonly Option<string[]> Names = new("--names") { DefaultValueFactory = _ => ["mamba-wt2-5m", "mamba-wt2-5m-outliers"], AllowMultipleArgumentsPerToken = true };
    private static readonly Option<FileInfo?> Output = new("--out") { Description = "markdown file to write; standard output without it" };

    private const string Title = "Accuracy";

    private const string Introduction =
        "Calibrated on 64 sequences of 512 tokens; activations static, one scale per tensor. Besides the four linears every scheme quantizes conv1d, h and C of the scan, "
        + "the embeddings and the head with its input (at 8 bits where the scheme has fewer), so that `rtn` loses more here than where only the linears are quantized. "
        + "W4A8 has groups of 128 for in_proj and out_proj, and GPTQ in all presets but `rtn`. A seed draws the calibration windows; the baselines ran with one.\n\n";

    /// <summary>Presets that are there for comparison: one seed tells enough of them.</summary>
    private static readonly string[] Baselines = [RecipePresets.RoundToNearest, RecipePresets.SmoothQuant];


    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("accuracy", "Perplexity of every preset and scheme against the float model.")
        {
            Models, Calibration, Text, Schemes, Presets, Seeds, Windows, Names, Output,
        };
        command.SetAction(parsed =>
        {
            using var laboratory = new Laboratory();
            var table = new StringBuilder(Introduction);
            foreach (string name in parsed.GetValue(Names)!)
            {
                Subject subject = Subject.Load(
                    Path.Combine(parsed.GetValue(Models)!.FullName, name),
                    parsed.GetValue(Calibration)!.FullName,
                    parsed.GetValue(Text)!.FullName,
                    parsed.GetValue(Windows));
                Report(table, laboratory, subject, parsed);
            }

            ReportFile.Write(parsed.GetValue(Output), Title, laboratory, table.ToString());
        });
        return command;
    }

    private static void Report(StringBuilder table, Laboratory laboratory, Subject subject, ParseResult parsed)
    {
        int seeds = parsed.GetValue(Seeds);
        double reference = laboratory.FloatPerplexity(subject);
        string columns = string.Concat(Enumerable.Range(0, seeds).Select(seed => $" seed {seed} |"));
        table.Append(CultureInfo.InvariantCulture, $"## {subject.Name}\n\nFloat perplexity {reference:F4} on {subject.Windows.Count} windows. Loss in percent of it:\n\n");
        table.Append(CultureInfo.InvariantCulture, $"| scheme | preset |{columns} mean | size MB | quantize s |\n|---|---|{string.Concat(Enumerable.Repeat("---:|", seeds))}---:|---:|---:|\n");
        foreach (string scheme in parsed.GetValue(Schemes)!)
        {
            foreach (string preset in parsed.GetValue(Presets)!)
            {
                Recipe recipe = RecipePresets.Get(preset, scheme);
                int runCount = Baselines.Contains(preset) ? 1 : seeds;
                Measurement[] runs = [.. Enumerable.Range(0, runCount).Select(seed => laboratory.Measure(subject, recipe, (ulong)seed))];
                string losses = string.Concat(runs.Select(run => $" {run.LossPercent(reference):+0.000;-0.000} |"))
                    + string.Concat(Enumerable.Repeat(" |", seeds - runCount));
                table.Append(CultureInfo.InvariantCulture,
                    $"| {scheme} | {preset} |{losses} {runs.Average(run => run.LossPercent(reference)):+0.000;-0.000} | {runs[0].Bytes / 1e6:F2} | {runs.Average(run => run.QuantizeTime.TotalSeconds):F1} |\n");
                ReportFile.Save(parsed.GetValue(Output), Title, laboratory, table.ToString());
            }
        }

        table.Append('\n');
    }
}
