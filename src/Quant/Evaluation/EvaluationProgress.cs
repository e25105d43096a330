namespace MambaQuant.Quant.Evaluation;

/// <summary>How far an evaluation is.</summary>
/// <param name="Tokens">Tokens done.</param>
/// <param name="TotalTokens">Tokens in all.</param>
/// <param name="Nll">Mean negative log-likelihood so far, in nats.</param>
public readonly record struct EvaluationProgress(long Tokens, long TotalTokens, double Nll);
