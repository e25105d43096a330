using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Client.Planning;

/// <summary>What a plan is of: model, recipe, data, grid.</summary>
internal sealed record JobSummary
{
    /// <summary>The model.</summary>
    public required string Model { get; init; }

    /// <summary>What people should know of it; empty where there is nothing.</summary>
    public required string Note { get; init; }

    /// <summary>Its layers.</summary>
    public required int Layers { get; init; }

    /// <summary>Width of its residual stream.</summary>
    public required int DModel { get; init; }

    /// <summary>Bytes of its tensors.</summary>
    public required long TensorBytes { get; init; }

    /// <summary>Name of the recipe.</summary>
    public required string Recipe { get; init; }

    /// <summary>Name of the scheme.</summary>
    public required string Scheme { get; init; }

    /// <summary>What calibrates: a file's name, or "self".</summary>
    public required string Calibration { get; init; }

    /// <summary>Calibration sequences.</summary>
    public required int Samples { get; init; }

    /// <summary>Tokens of each.</summary>
    public required int SequenceLength { get; init; }

    /// <summary>Blocks of layers.</summary>
    public required int Blocks { get; init; }

    /// <summary>Shards of the sequences.</summary>
    public required int Shards { get; init; }

    /// <summary>Name of the text to evaluate on; null for none.</summary>
    public string? Evaluation { get; init; }

    /// <summary>Its tokens; 0 without one.</summary>
    public long EvaluationTokens { get; init; }

    /// <summary>Its windows; 0 without one.</summary>
    public int EvaluationWindows { get; init; }

    /// <summary>Shards of its windows; 0 without one.</summary>
    public int EvaluationShards { get; init; }

    /// <summary>The summary of a plan.</summary>
    /// <param name="job">The plan.</param>
    public static JobSummary Of(PlannedJob job)
    {
        ArgumentNullException.ThrowIfNull(job);
        PlanRequest request = job.Plan.Request;
        return new JobSummary
        {
            Model = request.Model.Name,
            Note = job.Note,
            Layers = request.Model.Config.LayerCount,
            DModel = request.Model.Config.DModel,
            TensorBytes = request.Model.TensorBytes,
            Recipe = request.Recipe.Name,
            Scheme = request.Recipe.Quantization?.Scheme.Name ?? "",
            Calibration = request.Calibration.Source,
            Samples = request.Calibration.Samples,
            SequenceLength = request.Calibration.SequenceLength,
            Blocks = job.Plan.Grid.Blocks,
            Shards = job.Plan.Grid.Shards,
            Evaluation = request.Evaluation?.Source,
            EvaluationTokens = job.Plan.Evaluation?.Tokens ?? 0,
            EvaluationWindows = job.Plan.Evaluation?.Windows ?? 0,
            EvaluationShards = job.Plan.Evaluation?.Shards ?? 0,
        };
    }

    /// <summary>Prints it for people.</summary>
    /// <param name="output">Where to.</param>
    public void Write(TextWriter output)
    {
        output.WriteLine($"model      {Model}: {Layers} layers of width {DModel}, {ByteText.Readable(TensorBytes)}{(Note.Length > 0 ? $"; {Note}" : "")}");
        output.WriteLine($"recipe     {Recipe} {Scheme}, calibrated on {Samples:N0} × {SequenceLength:N0} tokens ({Calibration})");
        output.WriteLine($"grid       {Blocks} {(Blocks == 1 ? "block" : "blocks")} of layers × {Shards} {(Shards == 1 ? "shard" : "shards")} of sequences");
        if (Evaluation is not null)
        {
            output.WriteLine($"evaluation {Evaluation}: {EvaluationTokens:N0} tokens in {EvaluationWindows:N0} windows, {EvaluationShards} {(EvaluationShards == 1 ? "shard" : "shards")}");
        }
    }
}
