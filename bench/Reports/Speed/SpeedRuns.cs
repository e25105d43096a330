using System.Globalization;
using System.Text.Json;
using MambaQuant.Client.Benchmarking;
using MambaQuant.Client.Output;

namespace MambaQuant.Reports.Speed;

/// <summary>Runs of <c>mambaquant bench</c>, each in a process of its own, that take turns.</summary>
/// <param name="rounds">Runs of each.</param>
internal sealed class SpeedRuns(int rounds)
{
    /// <summary>Runs every folder once a round, in turn.</summary>
    /// <param name="folders">Models.</param>
    /// <param name="options">Of the command, beside the model.</param>
    /// <returns>By folder, in the order given: a report for each round.</returns>
    public IReadOnlyList<BenchReport[]> Measure(IReadOnlyList<string> folders, params string[] options)
    {
        BenchReport[][] reports = [.. folders.Select(_ => new BenchReport[rounds])];
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < folders.Count; i++)
            {
                string[] arguments = ["bench", folders[i], "--format", "json", "--runs", "3", .. options];
                reports[i][round] = JsonSerializer.Deserialize(ProgramFile.Read(arguments), ClientJson.Default.BenchReport)
                    ?? throw new InvalidOperationException($"'{string.Join(' ', arguments)}' wrote nothing");
                Console.Error.WriteLine($"{folders[i]}: prefill {reports[i][round].Prefill.Middle:F0}, decode {reports[i][round].Decode.Middle:F1} tokens/s");
            }
        }

        return reports;
    }

    /// <summary>Median and ends of what the rounds say.</summary>
    /// <param name="values">One a round.</param>
    /// <param name="format">Of a number.</param>
    public static string Spread(IEnumerable<double> values, string format)
    {
        Median median = Median.Of(values);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{median.Middle.ToString(format, CultureInfo.InvariantCulture)} ({median.Least.ToString(format, CultureInfo.InvariantCulture)} to {median.Most.ToString(format, CultureInfo.InvariantCulture)})");
    }

    /// <summary>Ratios of two figures of the same rounds.</summary>
    /// <param name="of">The ones above the line.</param>
    /// <param name="to">The ones below.</param>
    /// <param name="figure">Takes the figure.</param>
    public static IEnumerable<double> Ratios(BenchReport[] of, BenchReport[] to, Func<BenchReport, double> figure) =>
        of.Zip(to, (above, below) => figure(above) / figure(below));
}
