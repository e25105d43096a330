using MambaQuant.Quant.Evaluation;

namespace MambaQuant.Pipeline.Execution;

/// <summary>How well the models of a job predict its evaluation text.</summary>
/// <param name="Float">The float model; null where none was asked for.</param>
/// <param name="Quantized">The quantized model, compared with the float one where there is one.</param>
public sealed record EvaluationOutcome(EvaluationScores? Float, EvaluationScores Quantized);
