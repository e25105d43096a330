using System.Globalization;

namespace MambaQuant.Dashboard.Reports;

/// <summary>The commands that make a checkpoint again, and judge it: from recipe and manifest, with the names that the user typed.</summary>
internal static class Reproduction
{
    private const string Self = "self", Simulated = "simulated";

    /// <summary>The commands, one a line.</summary>
    /// <param name="files">The checkpoint.</param>
    /// <param name="facts">What does not stand in the folder.</param>
    public static IEnumerable<string> Commands(CheckpointFiles files, ReportFacts facts)
    {
        string model = facts.Model ?? "MODEL";
        List<string> quantize = ["mambaquant", "quantize", model, "--out", "NEW-FOLDER", "--recipe", "recipe.yaml"];
        if (files.Run.Calibration is { } calibration)
        {
            string source = calibration.Source == Self ? Self : facts.Calibration ?? calibration.Source;
            quantize.AddRange(["--calibration", source, "--samples", Number(calibration.Samples), "--seq-len", Number(calibration.Length)]);
        }

        quantize.AddRange(["--seed", files.Run.Seed.ToString(CultureInfo.InvariantCulture), .. facts.Options]);
        yield return Line(quantize);
        if (files.Evaluation is { } evaluation)
        {
            List<string> evaluate = ["mambaquant", "evaluate", "NEW-FOLDER", "--text", facts.EvaluationText ?? evaluation.Text, "--window", Number(evaluation.WindowLength)];
            string[] compute = evaluation.Quantized.Compute == Simulated ? ["--compute", Simulated] : [];
            yield return Line([.. evaluate, .. compute, .. evaluation.Float is null ? (string[])[] : ["--reference", model]]);
        }
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Line(List<string> words) => string.Join(' ', words.Select(ShellWord.Quote));
}
