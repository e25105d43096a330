using System.CommandLine;
using System.Text;
using MambaQuant.Quant.Recipes;

namespace MambaQuant.Reports;

/// <summary>The pipeline report: what it costs over calling the stages, and that neither workers nor kills change a byte.</summary>
internal static class PipelineCommand
{
    private static readonly Option<DirectoryInfo> Model = new("--model")
    {
        DefaultValueFactory = _ => new DirectoryInfo(Path.Combine(ProgramFile.Root(), "samples", "mamba-5m")),
        Description = "the model",
    };

    private static readonly Option<int> Samples = new("--samples") { DefaultValueFactory = _ => 64, Description = "calibration sequences" };
    private static readonly Option<int> SequenceLength = new("--seq-len") { DefaultValueFactory = _ => 512, Description = "tokens of a sequence" };
    private static readonly Option<int> Repeats = new("--repeats") { DefaultValueFactory = _ => 5, Description = "measurements of each kind, interleaved" };
    private static readonly Option<int> Kills = new("--kills") { DefaultValueFactory = _ => 50, Description = "processes to kill for each kind of store" };
    private static readonly Option<int> KilledSamples = new("--killed-samples") { DefaultValueFactory = _ => 16, Description = "calibration sequences of the runs that are killed" };
    private static readonly Option<int> Seed = new("--seed") { DefaultValueFactory = _ => 1, Description = "seed of the moments" };
    private static readonly Option<FileInfo?> Output = new("--out") { Description = "markdown file to write; standard output without it" };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("pipeline", "Overhead of the pipeline, same bytes for any workers, kills, items that a second scheme repeats.")
        {
            Model, Samples, SequenceLength, Repeats, Kills, KilledSamples, Seed, Output,
        };
        command.SetAction(parsed =>
        {
            using var laboratory = new Laboratory();
            using var trial = new PipelineTrial(parsed.GetValue(Model)!.FullName, parsed.GetValue(Samples), parsed.GetValue(SequenceLength));
            var text = new StringBuilder();
            Section(trial.Overhead(parsed.GetValue(Repeats), RecipePresets.RoundToNearest, RecipePresets.QuaRot, RecipePresets.MambaQuant));
            Section(trial.Workers(1, 2, 8));
            Section(trial.SecondScheme());
            Section(trial.Kills(parsed.GetValue(Kills), parsed.GetValue(KilledSamples), parsed.GetValue(Seed)));
            ReportFile.Write(parsed.GetValue(Output), "Pipeline", laboratory, text.ToString());

            void Section(string section)
            {
                text.Append(section).Append('\n');
                ReportFile.Save(parsed.GetValue(Output), "Pipeline", laboratory, text.ToString());
                Console.Error.WriteLine(section);
            }
        });
        return command;
    }
}
