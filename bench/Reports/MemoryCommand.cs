using System.CommandLine;
using System.Globalization;
using System.Text;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Quant.Models;

namespace MambaQuant.Reports;

/// <summary>The memory report: the peak resident set of quantizing a large model, one process per preset and scheme.</summary>
internal static class MemoryCommand
{
    private const double Gibi = 1L << 30;

    private static readonly string[] StageNames =
    [
        Stages.Prepare, Stages.SampleSelf, Stages.ObserveOriginal, Stages.ResidualRotation,
        Stages.SearchSmoothing, Stages.ObserveTransformed, Stages.Quantize, Stages.Assemble,
    ];

    private static readonly Option<string> Size = new("--size") { DefaultValueFactory = _ => "2.8b", Description = "the published model whose shape is synthesized" };
    private static readonly Option<FileInfo> Tokenizer = new("--tokenizer") { Required = true, Description = "tokenizer.json to put beside the weights" };
    private static readonly Option<FileInfo> Calibration = new("--calibration") { Required = true, Description = "text to calibrate on" };
    private static readonly Option<int> Samples = new("--samples") { DefaultValueFactory = _ => 4 };
    private static readonly Option<int> SequenceLength = new("--seq-len") { DefaultValueFactory = _ => 64 };
    private static readonly Option<MemoryCase[]> Cases = new("--cases")
    {
        DefaultValueFactory = _ => [new("mambaquant", "W8A8", null), new("quarot", "W8A8", null), new("mambaquant", "W4A8", null)],
        CustomParser = MemoryCase.Parse,
        AllowMultipleArgumentsPerToken = true,
        Description = "PRESET:SCHEME, or PRESET:SCHEME:LAYERS for a model of fewer layers; one process each",
    };
    private static readonly Option<DirectoryInfo> Work = new("--work") { Required = true, Description = "folder for models and results; those of an earlier call are not made again" };
    private static readonly Option<FileInfo> Program = new("--program") { DefaultValueFactory = _ => new FileInfo(Path.Combine(ProgramFile.Root(), "mambaquant")), Description = "the program to run" };
    private static readonly Option<string?> Note = new("--note") { Description = "a sentence on the circumstances, for the head of the page" };
    private static readonly Option<FileInfo?> Output = new("--out") { Description = "markdown file to write; standard output without it" };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        Size.AcceptOnlyFromAmong([.. PublishedModels.All.Select(model => model.Size)]);
        var command = new Command("memory", "Peak resident set of quantizing a synthetic model of a published shape, per preset and scheme.")
        {
            Size, Tokenizer, Calibration, Samples, SequenceLength, Cases, Work, Program, Note, Output,
        };
        command.SetAction(parsed =>
        {
            using var laboratory = new Laboratory();
            var runs = new List<MemoryRun>();
            foreach (MemoryCase next in parsed.GetValue(Cases)!)
            {
                runs.Add(Measure(parsed, next));
                ReportFile.Save(parsed.GetValue(Output), "Memory", laboratory, Text(parsed, runs));
            }

            ReportFile.Write(parsed.GetValue(Output), "Memory", laboratory, Text(parsed, runs));
        });
        return command;
    }

    private static MemoryRun Measure(ParseResult parsed, MemoryCase next)
    {
        string layers = next.Layers is { } count ? $"-{count}-layers" : string.Empty;
        string model = Path.Combine(parsed.GetValue(Work)!.FullName, $"mamba-{parsed.GetValue(Size)}{layers}");
        string tokenizer = Path.Combine(model, "tokenizer.json");
        if (!File.Exists(tokenizer))
        {
            MambaConfig config = PublishedModels.Find(parsed.GetValue(Size)!)!.Config;
            SyntheticCheckpoint.Write(model, config with { LayerCount = next.Layers ?? config.LayerCount }, seed: 0);
            File.Copy(parsed.GetValue(Tokenizer)!.FullName, tokenizer);
        }

        return MemoryRun.Measure(
            parsed.GetValue(Program)!.FullName,
            model,
            next,
            [
                "--calibration", parsed.GetValue(Calibration)!.FullName,
                "--samples", parsed.GetValue(Samples).ToString(CultureInfo.InvariantCulture),
                "--seq-len", parsed.GetValue(SequenceLength).ToString(CultureInfo.InvariantCulture),
            ],
            $"{model}-{next.Preset}-{next.Scheme}");
    }

    private static string Text(ParseResult parsed, List<MemoryRun> runs)
    {
        double machine = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / Gibi;
        string[] stages = [.. StageNames.Where(stage => runs.Any(run => run.Seconds.ContainsKey(stage)))];
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Random weights with the shape of mamba-{parsed.GetValue(Size)}, fp16 in shards, calibrated on {parsed.GetValue(Samples)} sequences of {parsed.GetValue(SequenceLength)} tokens of a text; {machine:F0} GiB of memory in the machine. ");
        text.Append("Peak resident set is the kernel's high-water mark (VmHWM: managed and native memory and mapped pages of the model). Each row is a process of its own; seconds are wall time, the total is that of the stages.");
        text.Append(parsed.GetValue(Note) is { } note ? $" {note}\n\n" : "\n\n");
        text.Append("| preset | scheme | layers | peak resident GiB | model GiB | result GiB | total s |").AppendJoin(null, stages.Select(stage => $" {stage} s |"));
        text.Append("\n|---|---|---:|---:|---:|---:|---:|").AppendJoin(null, stages.Select(_ => "---:|")).Append('\n');
        foreach (MemoryRun run in runs)
        {
            int layers = run.Case.Layers ?? PublishedModels.Find(parsed.GetValue(Size)!)!.Config.LayerCount;
            text.Append(CultureInfo.InvariantCulture, $"| {run.Case.Preset} | {run.Case.Scheme} | {layers} | {run.PeakResidentBytes / Gibi:F2} | {run.ModelBytes / Gibi:F2} | {run.ResultBytes / Gibi:F2} | {run.Seconds.Values.Sum():F0} |");
            text.AppendJoin(null, stages.Select(stage => string.Create(CultureInfo.InvariantCulture, $" {run.Seconds.GetValueOrDefault(stage):F0} |"))).Append('\n');
        }

        return text.ToString();
    }
}
