using System.CommandLine;
using System.Globalization;
using System.Text;
using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Tokenization;
using MambaQuant.Testing;

namespace MambaQuant.Reports;

/// <summary>What the live page costs a job, and how late it is, served by the embedded engine and by a silo.</summary>
internal static class DashboardCommand
{
    /// <summary>Tokens of a calibration sequence.</summary>
    public const int SequenceLength = 256;

    private static readonly Option<DirectoryInfo> Model = new("--model") { Description = "float model", DefaultValueFactory = _ => new DirectoryInfo(Path.Combine(Repository.Root, "samples", "mamba-5m")) };
    private static readonly Option<FileInfo> Text = new("--calibration")
    {
        Description = "text to calibrate on; as it is, one of 20 sequences",
        DefaultValueFactory = _ => new FileInfo(Path.Combine(Repository.Root, "samples", "mamba-5m", "eval.txt")),
    };

    private static readonly Option<int> Samples = new("--samples") { Description = "calibration sequences of 256 tokens", DefaultValueFactory = _ => 20 };
    private static readonly Option<int> Rounds = new("--rounds") { Description = "turns of the job", DefaultValueFactory = _ => 7 };
    private static readonly Option<int> Events = new("--events") { Description = "events of which the delay is measured; 0 without a browser", DefaultValueFactory = _ => 100 };
    private static readonly Option<FileInfo?> Output = new("--out") { Description = "markdown file to write; standard output without it" };
    private static readonly Option<string?> Read = new("--read") { Description = "be the pages of another process: read this address until it ends", Hidden = true };
    private static readonly Option<int> Pages = new("--pages") { Description = "how many", Hidden = true };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("dashboard", "What the live page costs a job, and how late it is.") { Model, Text, Samples, Rounds, Events, Output, Read, Pages };
        command.SetAction(async (parsed, stop) =>
        {
            if (parsed.GetValue(Read) is { } address)
            {
                await DashboardReaders.PrintAsync(new Uri(address), parsed.GetValue(Pages), stop);
                return 0;
            }

            string model = parsed.GetValue(Model)!.FullName, calibration = parsed.GetValue(Text)!.FullName;
            int samples = parsed.GetValue(Samples), rounds = parsed.GetValue(Rounds);
            if (ProblemOf(model, calibration, samples) is { } problem)
            {
                await Console.Error.WriteLineAsync(problem);
                return 1;
            }

            using var laboratory = new Laboratory();
            var text = new StringBuilder();
            if (parsed.GetValue(Events) > 0)
            {
#if BROWSER
                text.Append(await DashboardDelay.MeasureAsync(parsed.GetValue(Events)));
#else
                text.Append("## How late it is\n\nNot measured: built without Playwright.\n\n");
#endif
            }

            text.Append(await DashboardCost.AloneAsync(20));
            text.Append(DashboardCost.Pictures(model, calibration, samples, 3));
            text.Append(DashboardCost.Measure(model, calibration, samples, rounds));
#if CLUSTER
            text.Append(await Cluster.SiloPage.MeasureAsync(model, calibration, samples, rounds));
#endif
            ReportFile.Write(parsed.GetValue(Output), "The live page", laboratory, text.ToString());
            return 0;
        });
        return command;
    }

    /// <summary>What would come out only after minutes of measuring.</summary>
    private static string? ProblemOf(string model, string calibration, int samples)
    {
        string tokenizer = Path.Combine(model, "tokenizer.json");
        if (((string[])[tokenizer, calibration]).FirstOrDefault(file => !File.Exists(file)) is { } missing)
        {
            return $"there is no file '{missing}'";
        }

        int sequences = CalibrationSampler.Tokenize(BytePairTokenizer.Load(tokenizer), TextFile.Read(calibration)).Length / SequenceLength;
        return samples <= sequences
            ? null
            : $"'{calibration}' has {sequences} sequences of {SequenceLength} tokens, and --samples asks for {samples}: give a longer text with --calibration FILE, such as train.txt of WikiText-2, or --samples {sequences} at most";
    }

    /// <summary>The command line of a process that is some pages.</summary>
    /// <param name="address">Address of the server.</param>
    /// <param name="pages">How many.</param>
    public static string[] Readers(string address, int pages) =>
        ["exec", Environment.GetCommandLineArgs()[0], "dashboard", "--read", address, "--pages", pages.ToString(CultureInfo.InvariantCulture)];
}
