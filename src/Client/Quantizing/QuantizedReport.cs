using MambaQuant.Client.Evaluation;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Local;
using MambaQuant.Quant.Recipes;

namespace MambaQuant.Client.Quantizing;

/// <summary>What <c>quantize</c> tells about one checkpoint that it wrote.</summary>
internal sealed record QuantizedReport
{
    /// <summary>Name of the recipe.</summary>
    public required string Recipe { get; init; }

    /// <summary>Name of the scheme.</summary>
    public required string Scheme { get; init; }

    /// <summary>The folder that was written.</summary>
    public required string Output { get; init; }

    /// <summary>Bytes of the float model's tensors.</summary>
    public required long FloatBytes { get; init; }

    /// <summary>Bytes of the checkpoint's tensors.</summary>
    public required long QuantizedBytes { get; init; }

    /// <summary>Tokens that calibrated.</summary>
    public required long CalibrationTokens { get; init; }

    /// <summary>Wall time of the stages.</summary>
    public required IReadOnlyList<StageReport> Stages { get; init; }

    /// <summary>How well it predicts the evaluation text; null where none was given.</summary>
    public EvaluationReport? Evaluation { get; init; }

    /// <summary>Puts together what is known after a run of the engine.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="result">What the engine says.</param>
    public static QuantizedReport Of(Recipe recipe, QuantizeResult result) => new()
    {
        Recipe = recipe.Name,
        Scheme = recipe.Quantization?.Scheme.Name ?? "",
        Output = result.OutputPath,
        FloatBytes = result.FloatBytes,
        QuantizedBytes = result.QuantizedBytes,
        CalibrationTokens = result.CalibrationTokens,
        Stages = [.. result.Durations.Select(duration => new StageReport(duration.Stage, Math.Round(duration.Elapsed.TotalSeconds, 3, MidpointRounding.ToEven)))],
    };

    /// <summary>One line for people.</summary>
    public string Summary() =>
        $"{Output}: {Recipe} {Scheme}, {ByteText.Megabytes(FloatBytes)} MB → {ByteText.Megabytes(QuantizedBytes)} MB, "
        + (CalibrationTokens > 0 ? $"calibrated on {CalibrationTokens:N0} tokens" : "no calibration needed");
}
