using System.Collections.Immutable;
using MambaQuant.Pipeline.Execution;
using MambaQuant.Quant.Smoothing;

namespace MambaQuant.Pipeline.Local;

/// <summary>What a run leaves behind.</summary>
public sealed record QuantizeResult
{
    /// <summary>The folder that was written.</summary>
    public required string OutputPath { get; init; }

    /// <summary>Bytes of the float checkpoint's tensors.</summary>
    public required long FloatBytes { get; init; }

    /// <summary>Bytes of the quantized checkpoint's tensors.</summary>
    public required long QuantizedBytes { get; init; }

    /// <summary>Tokens that calibrated.</summary>
    public required long CalibrationTokens { get; init; }

    /// <summary>What was chosen at the smoothing sites of every layer, factors included.</summary>
    public required ImmutableArray<ImmutableArray<SmoothingChoice>> Smoothing { get; init; }

    /// <summary>Wall time per stage, in the order of the stages.</summary>
    public required ImmutableArray<StageDuration> Durations { get; init; }

    /// <summary>What the job took.</summary>
    public required JobCounts Counts { get; init; }

    /// <summary>How well the checkpoint predicts the evaluation text; null where none was asked for, or it failed.</summary>
    public EvaluationOutcome? Evaluation { get; init; }

    /// <summary>How fast the float model was evaluated; null where that was reused, or ran under another driver.</summary>
    public EvaluationSpeed? FloatSpeed { get; init; }

    /// <summary>How fast the checkpoint was evaluated; null where that was reused, or ran under another driver.</summary>
    public EvaluationSpeed? QuantizedSpeed { get; init; }

    /// <summary>Why the checkpoint, which is whole, could not be evaluated; null where nothing went wrong.</summary>
    public Exception? EvaluationFailure { get; init; }

    /// <summary>Whether an interrupted run had finished it, so that nothing was to do; durations and choices are then empty.</summary>
    public bool WasFinished { get; init; }
}
