using System.Globalization;
using System.Text;
using MambaQuant.Client.Benchmarking;

namespace MambaQuant.Reports.Speed;

/// <summary>Sections of the speed report.</summary>
internal static class SpeedTable
{
    /// <summary>Every model, float and quantized, beside what the machine multiplies and copies.</summary>
    /// <param name="model">What was run.</param>
    /// <param name="reports">By variant, a report for each round.</param>
    public static string Model(SpeedModel model, IReadOnlyList<BenchReport[]> reports)
    {
        BenchReport first = reports[0][0];
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"## {model.Name}\n\n{first.MultiplyAddsPerToken / 1e6:F1} M weights a token, prompts of {first.PrefillTokens:N0} tokens, decoding {first.Batch} at once, {first.Threads} threads. ");
        text.Append(CultureInfo.InvariantCulture, $"Beside it, in the same processes: fp32 products {Of(report => report.FloatOperationsPerSecond / 1e9)} GFLOP/s, products of codes {Of(report => report.CodeOperationsPerSecond / 1e9)} GOP/s, copies {Of(report => report.CopyBytesPerSecond / 1e9)} GB/s.\n\n");
        text.Append("| | prefill tokens/s | % of the products' rate | times float | decode tokens/s | MB a token | % of the bandwidth | times float | peak memory MiB |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|\n");
        for (int i = 0; i < reports.Count; i++)
        {
            BenchReport[] runs = reports[i];
            text.Append(CultureInfo.InvariantCulture, $"| {model.Variants[i].Name} | {SpeedRuns.Spread(runs.Select(run => run.Prefill.Middle), "N0")} | {Percent(runs, run => run.PrefillShareOfPeak)} | {Times(i, run => run.Prefill.Middle)} ");
            text.Append(CultureInfo.InvariantCulture, $"| {SpeedRuns.Spread(runs.Select(run => run.Decode.Middle), "N1")} | {runs[0].BytesPerToken / 1e6:F2} | {Percent(runs, run => run.DecodeShareOfBandwidth)} | {Times(i, run => run.Decode.Middle)} | {runs.Max(run => run.PeakMemoryBytes) >> 20:N0} |\n");
        }

        return text.ToString();

        string Of(Func<BenchReport, double> figure) => SpeedRuns.Spread(reports.SelectMany(runs => runs).Select(figure), "N0");
        string Percent(BenchReport[] runs, Func<BenchReport, double> share) => SpeedRuns.Spread(runs.Select(run => 100 * share(run)), "N0");
        string Times(int i, Func<BenchReport, double> figure) => i == 0 ? "1" : SpeedRuns.Spread(SpeedRuns.Ratios(reports[i], reports[0], figure), "N2");
    }

    /// <summary>How the time of a prompt grows.</summary>
    /// <param name="title">What grows.</param>
    /// <param name="unit">Of what the first column counts.</param>
    /// <param name="rows">The count, the units of work that it makes, and a report for each round.</param>
    public static string Growth(string title, string unit, IReadOnlyList<(int Count, double Work, BenchReport[] Runs)> rows)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"## {title}\n\n| {unit} | prefill tokens/s | µs a token | µs a token and layer | times the first row | peak memory MiB |\n|---:|---:|---:|---:|---:|---:|\n");
        foreach ((int count, double layers, BenchReport[] runs) in rows)
        {
            double micros = Micros(runs), first = Micros(rows[0].Runs) / rows[0].Work;
            text.Append(CultureInfo.InvariantCulture, $"| {count:N0} | {SpeedRuns.Spread(runs.Select(run => run.Prefill.Middle), "N0")} | {micros:F1} | {micros / layers:F2} | {micros / layers / first:F2} | {runs.Max(run => run.PeakMemoryBytes) >> 20:N0} |\n");
        }

        return text.ToString();

        static double Micros(BenchReport[] runs) => 1e6 / Median.Of(runs.Select(run => run.Prefill.Middle)).Middle;
    }
}
