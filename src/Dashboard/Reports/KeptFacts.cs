using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MambaQuant.Dashboard.Reports;

/// <summary>The words of a report that lie in run.json, so that a page that is written again later has all that it had.</summary>
internal static class KeptFacts
{
    /// <summary>Name of the property in run.json.</summary>
    public const string Property = "report";

    private const string Model = "model", Calibration = "calibration", EvaluationText = "evaluationText", Options = "options", Call = "call";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n" };

    /// <summary>Puts what is known beside a checkpoint; nothing where it has no run.json.</summary>
    /// <param name="directory">The checkpoint.</param>
    /// <param name="facts">What is known. Folders of a call are kept relative to this one: they are found when all are moved together.</param>
    /// <exception cref="IOException">The file cannot be read or written.</exception>
    public static void Write(string directory, ReportFacts facts)
    {
        string path = Path.Combine(directory, RunRecord.FileName);
        if (!File.Exists(path) || JsonNode.Parse(File.ReadAllBytes(path)) is not JsonObject run)
        {
            return;
        }

        run[Property] = new JsonObject
        {
            [Model] = facts.Model,
            [Calibration] = facts.Calibration,
            [EvaluationText] = facts.EvaluationText,
            [Options] = new JsonArray([.. facts.Options.Select(word => (JsonNode)word)]),
            [Call] = new JsonArray([.. facts.Call.Select(folder => (JsonNode)Path.GetRelativePath(Path.GetFullPath(directory), Path.GetFullPath(folder)))]),
        };
        ReportFile.Write(path, run.ToJsonString(Indented) + "\n");
    }

    /// <summary>Reads what is kept.</summary>
    /// <param name="directory">The checkpoint.</param>
    /// <param name="kept">The property.</param>
    /// <returns>The facts; of the call, what is still there.</returns>
    /// <exception cref="InvalidOperationException">It has another form.</exception>
    public static ReportFacts Read(string directory, JsonElement kept) => new()
    {
        Model = Word(kept, Model),
        Calibration = Word(kept, Calibration),
        EvaluationText = Word(kept, EvaluationText),
        Options = Words(kept, Options),
        Call = [.. Words(kept, Call).Select(folder => Path.Combine(directory, folder)).Where(folder => File.Exists(Path.Combine(folder, Quant.Checkpoints.CheckpointReportReader.FileName)))],
    };

    private static string? Word(JsonElement json, string name) => json.TryGetProperty(name, out JsonElement word) ? word.GetString() : null;

    private static ImmutableArray<string> Words(JsonElement json, string name) =>
        json.TryGetProperty(name, out JsonElement words) ? [.. words.EnumerateArray().Select(word => word.GetString()).OfType<string>()] : [];
}
