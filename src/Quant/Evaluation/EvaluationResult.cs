using System.Diagnostics.CodeAnalysis;

namespace MambaQuant.Quant.Evaluation;

/// <summary>How well a model predicts a text, and how fast it was.</summary>
public sealed record EvaluationResult : EvaluationScores
{
    /// <summary>Adds a speed to scores.</summary>
    /// <param name="scores">The scores.</param>
    [SetsRequiredMembers]
    public EvaluationResult(EvaluationScores scores)
        : base(scores)
    {
    }

    /// <summary>Tokens a second through the model, scoring included, the reference model excluded.</summary>
    public required double TokensPerSecond { get; init; }
}
