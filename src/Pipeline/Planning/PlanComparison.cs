using System.Collections.Immutable;
using MambaQuant.Quant.Recipes;

namespace MambaQuant.Pipeline.Planning;

/// <summary>Names what differs between two jobs, so that a run that would mix them can say why it does not.</summary>
public static class PlanComparison
{
    /// <summary>What differs.</summary>
    /// <param name="stored">The job that is there.</param>
    /// <param name="asked">The job that is asked for.</param>
    /// <returns>One line a difference, "what: stored …, asked …"; empty where the jobs make the same artifacts.</returns>
    public static ImmutableArray<string> Differences(WorkPlan stored, WorkPlan asked)
    {
        ArgumentNullException.ThrowIfNull(stored);
        ArgumentNullException.ThrowIfNull(asked);
        PlanRequest left = stored.Request, right = asked.Request;
        var lines = new List<string>();
        Compare(lines, "dimensions of the model", RecipeText.Dimensions(left.Model.Config), RecipeText.Dimensions(right.Model.Config));
        CompareFiles(lines, "model file", left.Model.Files, right.Model.Files);
        CompareFiles(lines, "file beside the model", left.Model.Companions, right.Model.Companions);
        CalibrationIdentity before = left.Calibration, now = right.Calibration;
        Compare(lines, "calibration source", before.Source, now.Source);
        Compare(lines, "calibration text", before.Text, now.Text);
        Compare(lines, "calibration ids", before.Tokens, now.Tokens);
        Compare(lines, "calibration sequences", $"{before.Samples} of {before.SequenceLength} tokens", $"{now.Samples} of {now.SequenceLength} tokens");
        Compare(lines, "sequences of the smoothing search", stored.SearchSamples, asked.SearchSamples);
        Compare(lines, "seed", before.Seed, now.Seed);
        Compare(lines, "evaluation text", Described(left.Evaluation), Described(right.Evaluation));
        CompareRecipes(lines, RecipeWriter.Write(left.Recipe), RecipeWriter.Write(right.Recipe));
        Compare(lines, "numerics profile", left.Profile, right.Profile);
        Compare(lines, "grid", $"{stored.Grid.Blocks} blocks by {stored.Grid.Shards} shards", $"{asked.Grid.Blocks} blocks by {asked.Grid.Shards} shards");
        foreach (WorkKind kind in Enum.GetValues<WorkKind>())
        {
            Compare(lines, $"version of {kind}", left.Versions.Of(kind), right.Versions.Of(kind));
        }

        return lines.Count == 0 && stored.Id != asked.Id ? ["the items differ, though all that is named is the same"] : [.. lines];
    }

    private static string? Described(EvaluationIdentity? evaluation) => evaluation is null
        ? null
        : $"{evaluation.Source} (SHA-256 {evaluation.Text[..Math.Min(12, evaluation.Text.Length)]}…) in windows of {evaluation.WindowLength}{(evaluation.ComparesWithFloat ? " beside the float model" : "")}";

    private static void Compare<T>(List<string> lines, string what, T stored, T asked)
    {
        if (!EqualityComparer<T>.Default.Equals(stored, asked))
        {
            lines.Add($"{what}: stored {stored?.ToString() ?? "none"}, asked {asked?.ToString() ?? "none"}");
        }
    }

    private static void CompareFiles(
        List<string> lines, string what, ImmutableSortedDictionary<string, string> stored, ImmutableSortedDictionary<string, string> asked)
    {
        foreach (string file in stored.Keys.Union(asked.Keys).Order(StringComparer.Ordinal))
        {
            Compare(lines, $"{what} {file}", Short(stored.GetValueOrDefault(file)), Short(asked.GetValueOrDefault(file)));
        }

        static string? Short(string? hash) => hash is null ? null : $"SHA-256 {hash[..12]}…";
    }

    private static void CompareRecipes(List<string> lines, string stored, string asked)
    {
        string[] before = stored.Split('\n'), now = asked.Split('\n');
        string? missing = before.Except(now).FirstOrDefault(), added = now.Except(before).FirstOrDefault();
        if (missing is not null || added is not null)
        {
            Compare(lines, "recipe", missing?.Trim() ?? "no such line", added?.Trim() ?? "no such line");
        }
        else if (stored != asked)
        {
            lines.Add("recipe: the same lines in another order");
        }
    }
}
