using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;
using MambaQuant.Quant.Smoothing;

namespace MambaQuant.Reports;

/// <summary>Shows whether the folded smoothing sites find the outliers that were planted in the heavy-tailed twin.</summary>
/// <remarks>
/// The twin computes the first model's function with some channels scaled by planted factors. At a fixed α the factor of a channel is
/// s = a^α / w^(1−α); planting p multiplies a by p and divides w by p, so s grows by p whatever α: the ratio of the twin's factors to the first
/// model's is the planted factor, up to one constant per layer (factors have geometric mean 1), which the median of the ratios removes.
/// </remarks>
internal static class OutliersCommand
{
    private const double Alpha = 0.5;

    private static readonly Option<DirectoryInfo> Models = new("--models") { Required = true, Description = "folder of the trained models" };
    private static readonly Option<FileInfo> Calibration = new("--calibration") { Required = true, Description = "text to calibrate on (train split)" };
    private static readonly Option<FileInfo?> Output = new("--out") { Description = "markdown file to write; standard output without it" };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("outliers", "Planted outliers of the twin beside the factors that smoothing finds.") { Models, Calibration, Output };
        command.SetAction(parsed =>
        {
            using var laboratory = new Laboratory();
            string models = parsed.GetValue(Models)!.FullName;
            string calibration = parsed.GetValue(Calibration)!.FullName;
            string twinPath = Path.Combine(models, "mamba-wt2-5m-outliers");
            var model = new Subject("mamba-wt2-5m", Path.Combine(models, "mamba-wt2-5m"), calibration, []);
            var twin = new Subject("mamba-wt2-5m-outliers", twinPath, calibration, []);
            string body = Table(
                laboratory.Quantize(model, FixedSmoothing(), seed: 0).Smoothing,
                laboratory.Quantize(twin, FixedSmoothing(), seed: 0).Smoothing,
                Path.Combine(twinPath, "outliers.json"));
            ReportFile.Write(parsed.GetValue(Output), "Planted outliers and recovered factors", laboratory, body);
        });
        return command;
    }

    /// <summary>The folded sites at one α, no rotation.</summary>
    private static Recipe FixedSmoothing() => new[]
    {
        SmoothingSite.NormToInProj, SmoothingSite.InProjToConv, SmoothingSite.XProjToDtProj, SmoothingSite.ScanState,
    }.Aggregate(
        RecipePresets.Get(RecipePresets.RoundToNearest),
        (recipe, site) => recipe.With(new SmoothingModifier(site, SmoothingStrength.Fixed(Alpha))));

    private static string Table(
        ImmutableArray<ImmutableArray<SmoothingChoice>> model, ImmutableArray<ImmutableArray<SmoothingChoice>> twin, string plantedPath)
    {
        using JsonDocument planted = JsonDocument.Parse(File.ReadAllText(plantedPath));
        var text = new StringBuilder("Recovered = the twin's smoothing factor over the first model's, over the median of that ratio in the layer; α = 0.5, no rotation. "
            + "Where a weight takes part in two plantings (in_proj: its columns by NormToInProj, some of its rows by InProjToConv), the largest weight of a column moves by more than its own factor, and NormToInProj recovers its factors only roughly; the other sites recover theirs to the digit.\n\n");
        text.Append("| layer | site | channel | planted | recovered |\n|---:|---|---:|---:|---:|\n");
        int layer = 0;
        foreach (JsonElement entry in planted.RootElement.GetProperty("layers").EnumerateArray())
        {
            Rows(text, layer, SmoothingSite.NormToInProj, Channels(entry.GetProperty("gamma"), "channels", "factors"), model, twin);
            Rows(text, layer, SmoothingSite.InProjToConv, Channels(entry.GetProperty("x_conv"), "channels", "factors"), model, twin);
            Rows(text, layer, SmoothingSite.XProjToDtProj, Channels(entry.GetProperty("dt_rank"), "rank", "factor"), model, twin);
            Rows(text, layer, SmoothingSite.ScanState, Channels(entry.GetProperty("bc_state"), "state", "factor"), model, twin);
            layer++;
        }

        return text.ToString();
    }

    private static IEnumerable<(int Channel, double Factor)> Channels(JsonElement entry, string channels, string factors)
    {
        JsonElement channel = entry.GetProperty(channels), factor = entry.GetProperty(factors);
        return channel.ValueKind == JsonValueKind.Array
            ? channel.EnumerateArray().Zip(factor.EnumerateArray(), (c, f) => (c.GetInt32(), f.GetDouble()))
            : [(channel.GetInt32(), factor.GetDouble())];
    }

    private static void Rows(
        StringBuilder text,
        int layer,
        SmoothingSite site,
        IEnumerable<(int Channel, double Factor)> planted,
        ImmutableArray<ImmutableArray<SmoothingChoice>> model,
        ImmutableArray<ImmutableArray<SmoothingChoice>> twin)
    {
        double[] ratios = [.. Factors(twin[layer], site).Zip(Factors(model[layer], site), (t, m) => t / m)];
        double median = ratios.Order().ElementAt(ratios.Length / 2);
        foreach ((int channel, double factor) in planted)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {layer} | {site} | {channel} | {factor:F2} | {ratios[channel] / median:F2} |\n");
        }
    }

    private static ImmutableArray<double> Factors(ImmutableArray<SmoothingChoice> choices, SmoothingSite site) =>
        choices.First(choice => choice.Site == site).Factors!.Value;
}
