namespace MambaQuant.Pipeline.Inputs;

/// <summary>What was typed for the inputs of a job, such as <c>models/mamba-130m</c>; no word that holds a secret, or that only a cluster understands.</summary>
public sealed record InputWords
{
    /// <summary>The float model; null where it is not to be repeated.</summary>
    public string? Model { get; init; }

    /// <summary>The calibration text; null likewise.</summary>
    public string? Calibration { get; init; }

    /// <summary>The evaluation text; null likewise, or where there is none.</summary>
    public string? EvaluationText { get; init; }
}
