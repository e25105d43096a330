using System.CommandLine;
using System.Globalization;
using System.Text;
using MambaQuant.Client.Benchmarking;
using MambaQuant.Quant.Models;

namespace MambaQuant.Reports.Speed;

/// <summary>The speed report: prefill and decode of float and quantized models beside what the machine multiplies and copies, and how the cost grows.</summary>
internal static class SpeedCommand
{
    private static readonly Option<DirectoryInfo> Sample = new("--model")
    {
        DefaultValueFactory = _ => new DirectoryInfo(Path.Combine(ProgramFile.Root(), "samples", "mamba-5m")),
        Description = "the trained model; its tokenizer is put beside the others",
    };

    private static readonly Option<string[]> Sizes = new("--sizes")
    {
        DefaultValueFactory = _ => ["130m", "370m", "1.4b"],
        AllowMultipleArgumentsPerToken = true,
        Description = "published models whose shapes are synthesized",
    };

    private static readonly Option<int> Vocabulary = new("--vocabulary") { DefaultValueFactory = _ => 4096, Description = "rows of their embedding tables" };
    private static readonly Option<int> Rounds = new("--rounds") { DefaultValueFactory = _ => 3, Description = "processes of each model and kind, in turn" };
    private static readonly Option<int> Longest = new("--longest") { DefaultValueFactory = _ => 65_536, Description = "tokens of the longest prompt" };
    private static readonly Option<DirectoryInfo> Work = new("--work") { Required = true, Description = "folder for models and results; those of an earlier call are not made again" };
    private static readonly Option<FileInfo?> Output = new("--out") { Description = "markdown file to write; standard output without it" };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        Sizes.AcceptOnlyFromAmong([.. PublishedModels.All.Select(model => model.Size)]);
        var command = new Command("speed", "Prefill and decode, float and quantized, and how their cost grows with tokens and layers.")
        {
            Sample, Sizes, Vocabulary, Rounds, Longest, Work, Output,
        };
        command.SetAction(parsed =>
        {
            using var laboratory = new Laboratory();
            var text = new StringBuilder();
            text.Append("Every figure is of `mambaquant bench` in a process of its own; what is compared takes turns. Medians over the rounds, with the least and the most; ratios are of the same round. ");
            text.Append("The products' rate and the bandwidth are measured in the same process by the program's own kernels: fp32 for the float model, 8-bit codes for the others.\n\n");
            foreach (string section in Sections(parsed))
            {
                text.Append(section).Append('\n');
                ReportFile.Save(parsed.GetValue(Output), "Speed", laboratory, text.ToString());
            }

            ReportFile.Write(parsed.GetValue(Output), "Speed", laboratory, text.ToString());
        });
        return command;
    }

    private static IEnumerable<string> Sections(ParseResult parsed)
    {
        var runs = new SpeedRuns(parsed.GetValue(Rounds));
        string work = parsed.GetValue(Work)!.FullName, sample = parsed.GetValue(Sample)!.FullName;
        Directory.CreateDirectory(work);
        yield return Model(runs, SpeedModel.Prepare(parsed.GetValue(Sample)!.Name, sample, work));
        foreach (string size in parsed.GetValue(Sizes)!)
        {
            yield return Model(runs, SpeedModel.Prepare($"mamba-{size}", Synthesize(parsed, size, null), work));
        }

        yield return Tokens(runs, sample, parsed.GetValue(Longest));
        if (parsed.GetValue(Sizes)!.FirstOrDefault() is { } smallest)
        {
            yield return Layers(runs, parsed, smallest);
        }
    }

    private static string Model(SpeedRuns runs, SpeedModel model) => SpeedTable.Model(model, runs.Measure([.. model.Variants.Select(variant => variant.Folder)]));

    private static string Tokens(SpeedRuns runs, string model, int longest)
    {
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(model);
        double layers = checkpoint.Config.LayerCount;
        int[] lengths = [.. Enumerable.Range(0, 16).Select(power => 128 << power).Where(length => length == longest || (length < longest && int.Log2(length / 128) % 3 == 0))];
        return SpeedTable.Growth(
            $"Cost by tokens of a prompt: {Path.GetFileName(model)}, float",
            "tokens",
            [.. lengths.Select(length => (length, layers, runs.Measure([model], "--prompt-tokens", length.ToString(CultureInfo.InvariantCulture), "--tokens", "8")[0]))]);
    }

    private static string Layers(SpeedRuns runs, ParseResult parsed, string size)
    {
        int[] layers = [6, 12, 24];
        IReadOnlyList<BenchReport[]> reports = runs.Measure([.. layers.Select(count => Synthesize(parsed, size, count))]);
        return SpeedTable.Growth(
            $"Cost by layers: the shape of mamba-{size}, float",
            "layers",
            [.. layers.Select((count, i) => (count, (double)count, reports[i]))]);
    }

    private static string Synthesize(ParseResult parsed, string size, int? layers) => SpeedModel.Synthesize(
        size, parsed.GetValue(Vocabulary), layers, Path.Combine(parsed.GetValue(Sample)!.FullName, "tokenizer.json"), parsed.GetValue(Work)!.FullName);
}
