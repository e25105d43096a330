using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using MambaQuant.Quant.Recipes;
using MambaQuant.Quant.Safetensors;

namespace MambaQuant.Pipeline.Planning;

/// <summary>A plan as it stands in a store: what it was made of and how it was cut. The items follow from that.</summary>
public sealed record PlanDocument
{
    // 1 hashed whole weight files; 2 hashes their tensors.
    private const int OldestVersion = 1, CurrentVersion = 2;

    /// <summary>Version of this document.</summary>
    public required int FormatVersion { get; init; }

    /// <summary>The job's identity.</summary>
    public required string Id { get; init; }

    /// <summary>The resolved recipe, as YAML.</summary>
    public required string Recipe { get; init; }

    /// <summary>The float model.</summary>
    public required ModelIdentity Model { get; init; }

    /// <summary>The calibration data.</summary>
    public required CalibrationIdentity Calibration { get; init; }

    /// <summary>What the result is judged on; null for nothing.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public EvaluationIdentity? Evaluation { get; init; }

    /// <summary>Shards of the evaluation; null without one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? EvaluationShards { get; init; }

    /// <summary>The numerics profile.</summary>
    public required string Profile { get; init; }

    /// <summary>Blocks of the grid.</summary>
    public required int Blocks { get; init; }

    /// <summary>Shards of the grid.</summary>
    public required int Shards { get; init; }

    /// <summary>Bytes that one worker may hold.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Versions of what items do.</summary>
    public required ImmutableSortedDictionary<WorkKind, int> Versions { get; init; }

    /// <summary>Number of items.</summary>
    public required int Items { get; init; }

    /// <summary>The document of a plan, as JSON.</summary>
    /// <param name="plan">The plan.</param>
    /// <remarks>The same plan gives the same bytes.</remarks>
    public static byte[] Write(WorkPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        PlanRequest request = plan.Request;
        var document = new PlanDocument
        {
            FormatVersion = CurrentVersion,
            Id = plan.Id,
            Recipe = RecipeWriter.Write(request.Recipe),
            Model = request.Model,
            Calibration = request.Calibration,
            Evaluation = request.Evaluation,
            EvaluationShards = plan.Evaluation?.Shards,
            Profile = request.Profile,
            Blocks = plan.Grid.Blocks,
            Shards = plan.Grid.Shards,
            MemoryBytes = request.Options.MemoryBytes,
            Versions = Enum.GetValues<WorkKind>().ToImmutableSortedDictionary(kind => kind, request.Versions.Of),
            Items = plan.Graph.Items.Length,
        };
        return JsonSerializer.SerializeToUtf8Bytes(document, PlanJson.Default.PlanDocument);
    }

    /// <summary>Reads a document and plans again, with the grid and the versions that stand there.</summary>
    /// <param name="json">What <see cref="Write"/> gave.</param>
    /// <param name="source">Where it was read, for messages.</param>
    /// <returns>The plan; compare its versions with <see cref="AlgorithmVersions.Current"/> before anything runs.</returns>
    /// <exception cref="InvalidPlanException">It is no plan, or this program plans otherwise.</exception>
    public static WorkPlan Read(ReadOnlySpan<byte> json, string source)
    {
        PlanDocument document = Parse(json, source);
        WorkPlan plan = Plan(document, source);
        return plan.Id == document.Id
            ? plan
            : throw new InvalidPlanException(
                $"'{source}': expected the job {document.Id} of {document.Items} items, found that this program makes {plan.Id} of {plan.Graph.Items.Length} from it."
                + " Another version of the program planned it: finish it with that one, or start anew.");
    }

    private static WorkPlan Plan(PlanDocument document, string source)
    {
        try
        {
            return WorkPlanner.Plan(new PlanRequest
            {
                Recipe = RecipeReader.Read(document.Recipe, source),
                Model = document.Model,
                Calibration = document.Calibration,
                Evaluation = document.Evaluation,
                Profile = document.Profile,
                Options = new PlanOptions
                {
                    Blocks = document.Blocks,
                    Shards = document.Shards,
                    EvaluationShards = document.EvaluationShards,
                    MemoryBytes = document.MemoryBytes,
                },
                Versions = document.Versions.Aggregate(AlgorithmVersions.Current, (versions, pair) => versions.With(pair.Key, pair.Value)),
            });
        }
        catch (Exception error) when (error is InvalidRecipeException or ArgumentException or UnsupportedModelException)
        {
            throw new InvalidPlanException(
                $"'{source}': expected a plan that this program understands, found one that asks for something else: {error.Message} Finish the job with the program that planned it, or start anew.", error);
        }
    }

    private static PlanDocument Parse(ReadOnlySpan<byte> json, string source)
    {
        try
        {
            PlanDocument? document = JsonSerializer.Deserialize(json, PlanJson.Default.PlanDocument);
            return document is { FormatVersion: >= OldestVersion and <= CurrentVersion }
                ? document
                : throw new InvalidPlanException($"'{source}': expected a plan of format {OldestVersion} to {CurrentVersion}, found {document?.FormatVersion.ToString() ?? "nothing"}");
        }
        catch (JsonException error)
        {
            throw new InvalidPlanException($"'{source}' is no plan: {error.Message}. Delete it and start anew.", error);
        }
    }
}
