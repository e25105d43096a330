using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;

namespace MambaQuant.Dashboard.Reports;

/// <summary>Everything that a report reads of a checkpoint's folder; of the weights not a byte.</summary>
internal sealed record CheckpointFiles
{
    /// <summary>The folder as it was named.</summary>
    public required string Name { get; init; }

    /// <summary>What was lost.</summary>
    public required CheckpointReport Report { get; init; }

    /// <summary>What can be drawn; null in checkpoints of older programs.</summary>
    public required CheckpointPictures? Pictures { get; init; }

    /// <summary>How well it predicts a text; null where it was not evaluated.</summary>
    public required CheckpointEvaluation? Evaluation { get; init; }

    /// <summary>How it was made.</summary>
    public required RunRecord Run { get; init; }

    /// <summary>The recipe and its text; null where the folder has none.</summary>
    public required (Recipe Recipe, string Text)? Recipe { get; init; }

    /// <summary>The tables of the model.</summary>
    public required ModelFamily Family { get; init; }

    /// <summary>The checkpoint in one line.</summary>
    public CheckpointSummary Summary => CheckpointSummary.Of(Name, Report, Evaluation);

    /// <summary>Recipe and scheme, as a heading.</summary>
    public string Title => $"{Report.Recipe} {Report.Scheme}".Trim();

    /// <summary>Reads a folder.</summary>
    /// <param name="directory">The folder as it was named.</param>
    /// <exception cref="InvalidCheckpointException">It is no checkpoint, or one of its files is damaged.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static CheckpointFiles Read(string directory)
    {
        string recipe = Path.Combine(directory, QuantizedCheckpointWriter.RecipeName);
        CheckpointReport report = CheckpointReportReader.Read(directory);
        string? text = File.Exists(recipe) ? File.ReadAllText(recipe) : null;
        return new CheckpointFiles
        {
            Name = directory,
            Report = report,
            Pictures = CheckpointPictures.Find(directory),
            Evaluation = CheckpointEvaluation.Find(directory),
            Run = RunRecord.Read(directory),
            Recipe = text is null ? null : (RecipeReader.Read(text, recipe), text),
            Family = MambaFamily.For(MambaConfigReader.Read(directory)),
        };
    }
}
