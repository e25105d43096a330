using MambaQuant.Quant.Recipes;

namespace MambaQuant.Pipeline.Planning;

/// <summary>Everything that a plan is made of, and nothing else: the same request gives the same plan, anywhere.</summary>
public sealed record PlanRequest
{
    /// <summary>What to do to the model: a valid recipe.</summary>
    public required Recipe Recipe { get; init; }

    /// <summary>The float model.</summary>
    public required ModelIdentity Model { get; init; }

    /// <summary>The calibration data.</summary>
    public required CalibrationIdentity Calibration { get; init; }

    /// <summary>What the result is judged on.</summary>
    /// <value>Null by default: nothing.</value>
    public EvaluationIdentity? Evaluation { get; init; }

    /// <summary>SHA-256 of every file that the job reads: of the model, and texts.</summary>
    internal IEnumerable<string> InputHashes => ((string?[])[.. Model.AllFiles.Values, Calibration.Text, Evaluation?.Text]).OfType<string>();

    /// <summary>The numerics profile of the workers' backend; a worker of another gets no item.</summary>
    public required string Profile { get; init; }

    /// <summary>What the user says of the grid.</summary>
    /// <value>Nothing by default.</value>
    public PlanOptions Options { get; init; } = new();

    /// <summary>Versions of what items do.</summary>
    /// <value>Those of this program.</value>
    public AlgorithmVersions Versions { get; init; } = AlgorithmVersions.Current;
}
