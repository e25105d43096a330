namespace MambaQuant.Pipeline.Local;

/// <summary>How fast a model was evaluated as a part of a job.</summary>
/// <param name="TokensPerSecond">Tokens of the text through the whole model in a second of wall time, reading of weights and artifacts included.</param>
/// <param name="Workers">Workers that ran at once.</param>
public sealed record EvaluationSpeed(double TokensPerSecond, int Workers);
