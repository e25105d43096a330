using System.CommandLine;

namespace MambaQuant.Reports;

/// <summary>The telemetry report: what sending it costs a job.</summary>
internal static class TelemetryCommand
{
    private static readonly Option<DirectoryInfo> Model = new("--model")
    {
        DefaultValueFactory = _ => new DirectoryInfo(Path.Combine(ProgramFile.Root(), "samples", "mamba-5m")),
        Description = "the model",
    };

    private static readonly Option<int> Samples = new("--samples") { DefaultValueFactory = _ => 64, Description = "calibration sequences" };
    private static readonly Option<int> SequenceLength = new("--seq-len") { DefaultValueFactory = _ => 512, Description = "tokens of a sequence" };
    private static readonly Option<int> Repeats = new("--repeats") { DefaultValueFactory = _ => 9, Description = "measurements of each kind, in turns" };
    private static readonly Option<FileInfo?> Output = new("--out") { Description = "markdown file to write; standard output without it" };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("telemetry", "What telemetry costs a job: off, to a collector, to one that never answers.") { Model, Samples, SequenceLength, Repeats, Output };
        command.SetAction(parsed =>
        {
            using var laboratory = new Laboratory();
            using var trial = new TelemetryTrial(parsed.GetValue(Model)!.FullName, parsed.GetValue(Samples), parsed.GetValue(SequenceLength));
            ReportFile.Write(parsed.GetValue(Output), "Telemetry", laboratory, trial.Run(parsed.GetValue(Repeats)));
        });
        return command;
    }
}
