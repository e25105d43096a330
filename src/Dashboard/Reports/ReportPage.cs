using System.Collections.Immutable;
using System.Globalization;
using MambaQuant.Dashboard.Drawing;
using MambaQuant.Quant.Checkpoints;

namespace MambaQuant.Dashboard.Reports;

/// <summary>Writes report.html beside a checkpoint: one file that needs nothing else, no script, no network.</summary>
public static class ReportPage
{
    /// <summary>Name of the file in a checkpoint.</summary>
    public const string FileName = "report.html";

    /// <summary>Writes the report of a checkpoint into its folder.</summary>
    /// <param name="directory">The folder as it was named.</param>
    /// <param name="facts">What does not stand in the folder; what it leaves open is taken from the report before.</param>
    /// <remarks>Reads the small files of the checkpoint, not its weights. An older report is replaced, at once. The facts are kept in run.json.</remarks>
    /// <exception cref="InvalidCheckpointException">The folder is no checkpoint, or one of its files is damaged.</exception>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    public static void Write(string directory, ReportFacts facts)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        ArgumentNullException.ThrowIfNull(facts);
        CheckpointFiles files = CheckpointFiles.Read(directory);
        ReportFacts all = facts.Over(files.Run.Kept);
        CheckpointFiles[] others = [.. all.Call.Where(other => !IsSame(other, directory)).Select(CheckpointFiles.Read)];
        ReportFile.Write(Path.Combine(directory, FileName), Page(files, others, all));
        KeptFacts.Write(directory, all);
    }

    /// <summary>The other checkpoints of the call that made one, as far as they are still there: their reports show this one, too.</summary>
    /// <param name="directory">The checkpoint.</param>
    /// <exception cref="InvalidCheckpointException">The folder is no checkpoint, or one of its files is damaged.</exception>
    public static ImmutableArray<string> OthersOf(string directory) => [.. CheckpointFiles.Read(directory).Run.Kept.Call.Where(other => !IsSame(other, directory))];

    private static bool IsSame(string a, string b) => Path.GetFullPath(a).TrimEnd('/') == Path.GetFullPath(b).TrimEnd('/');

    private static string Page(CheckpointFiles files, CheckpointFiles[] others, ReportFacts facts) => PageFrame.Write($"{files.Title}: report of a quantized checkpoint", body =>
    {
        string? model = facts.Model;
        body.Element("header", null, header =>
        {
            header.Text("h1", files.Title);
            header.Text("p", string.Join(" · ", new[]
            {
                model is null ? null : $"of {model}",
                $"{files.Report.Layers.Length} layers",
                files.Run.Calibration is { } calibration ? $"calibrated on {calibration.Samples} × {calibration.Length} tokens, {Calibration(calibration.Source)}" : "no calibration needed",
                files.Run.Finished is { } finished ? finished.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture) : null,
            }.OfType<string>()), "of");
        });
        SummarySection.Write(body, files);
        EvaluationSection.Write(body, files, others);
        RotationSection.Write(body, files);
        LossSection.Write(body, files);
        ChannelSection.Write(body, files);
        SmoothingSection.Write(body, files);
        WeightSection.Write(body, files);
        RunSection.Write(body, files, facts);
    });

    private static string Calibration(string source) => source == "self" ? "text that the model wrote itself" : source;
}
