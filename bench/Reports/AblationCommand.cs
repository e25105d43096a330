using System.CommandLine;
using System.Globalization;
using System.Text;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Recipes;

namespace MambaQuant.Reports;

/// <summary>The ablation: the whole method, and what each switch of it does alone.</summary>
internal static class AblationCommand
{
    private const string Title = "Ablation";

    private static readonly Option<DirectoryInfo> Models = new("--models") { Required = true, Description = "folder of the trained models" };
    private static readonly Option<FileInfo> Calibration = new("--calibration") { Required = true, Description = "text to calibrate on (train split)" };
    private static readonly Option<FileInfo> Text = new("--text") { Required = true, Description = "text to judge on" };
    private static readonly Option<string[]> Schemes = new("--schemes") { DefaultValueFactory = _ => ["W8A8", "W4A8", "W6A6", "W4A4"], AllowMultipleArgumentsPerToken = true };
    private static readonly Option<int> Windows = new("--windows") { DefaultValueFactory = _ => 140, Description = "evaluation windows, 0 for all" };
    private static readonly Option<string?> Only = new("--only") { Description = "run variants whose name contains this" };
    private static readonly Option<string[]> Names = new("--names") { DefaultValueFactory = _ => ["mamba-wt2-5m", "mamba-wt2-5m-outliers"], AllowMultipleArgumentsPerToken = true };
    private static readonly Option<FileInfo?> Output = new("--out") { Description = "markdown file to write; standard output without it" };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("ablation", "One switch at a time.") { Models, Calibration, Text, Schemes, Windows, Only, Names, Output };
        command.SetAction(parsed =>
        {
            using var laboratory = new Laboratory();
            var table = new StringBuilder();
            string[] schemes = parsed.GetValue(Schemes)!;
            AblationVariant[] variants = [.. AblationVariant.All.Where(variant => variant.Name.Contains(parsed.GetValue(Only) ?? string.Empty, StringComparison.Ordinal))];
            foreach (string name in parsed.GetValue(Names)!)
            {
                Subject subject = Subject.Load(
                    Path.Combine(parsed.GetValue(Models)!.FullName, name),
                    parsed.GetValue(Calibration)!.FullName,
                    parsed.GetValue(Text)!.FullName,
                    parsed.GetValue(Windows));
                Report(table, laboratory, subject, schemes, variants, parsed.GetValue(Output));
            }

            ReportFile.Write(parsed.GetValue(Output), Title, laboratory, table.ToString());
        });
        return command;
    }

    private static void Report(StringBuilder table, Laboratory laboratory, Subject subject, string[] schemes, AblationVariant[] variants, FileInfo? output)
    {
        double reference = laboratory.FloatPerplexity(subject);
        table.Append(CultureInfo.InvariantCulture, $"## {subject.Name}\n\nFloat perplexity {reference:F4} on {subject.Windows.Count} windows; loss in percent of it.\n\n");
        table.Append(CultureInfo.InvariantCulture, $"| variant |{string.Concat(schemes.Select(scheme => $" {scheme} |"))}\n|---|{string.Concat(schemes.Select(_ => "---:|"))}\n");
        foreach (AblationVariant variant in variants)
        {
            table.Append(CultureInfo.InvariantCulture, $"| {variant.Name} |");
            foreach (string scheme in schemes)
            {
                Recipe recipe = variant.Make(scheme) with { Name = variant.Name };
                table.Append(CultureInfo.InvariantCulture, $" {laboratory.Measure(subject, recipe, seed: 0).LossPercent(reference):+0.000;-0.000} |");
            }

            table.Append('\n');
            ReportFile.Save(output, Title, laboratory, table.ToString());
        }

        table.Append('\n');
    }
}
