namespace MambaQuant.Pipeline.Local;

/// <summary>A checkpoint is written, and what stands behind it failed.</summary>
/// <param name="failure">The failure.</param>
internal sealed class EvaluationFailedException(Exception failure)
    : Exception($"the checkpoint is written, its evaluation failed: {failure.Message}", failure);
