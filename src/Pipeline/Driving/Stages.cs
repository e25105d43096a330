namespace MambaQuant.Pipeline.Driving;

/// <summary>Names of the stages of a run, as people read them.</summary>
public static class Stages
{
    /// <summary>Reading the model and the text.</summary>
    public const string Prepare = "prepare";

    /// <summary>Sampling calibration text from the model itself.</summary>
    public const string SampleSelf = "sample text";

    /// <summary>The pass over the model as it was read.</summary>
    public const string ObserveOriginal = "observe original";

    /// <summary>The rotation of the residual stream.</summary>
    public const string ResidualRotation = "residual rotation";

    /// <summary>Choosing smoothing factors.</summary>
    public const string SearchSmoothing = "search smoothing";

    /// <summary>The pass over the transformed model.</summary>
    public const string ObserveTransformed = "observe transformed";

    /// <summary>Rounding weights and fixing scales.</summary>
    public const string Quantize = "quantize";

    /// <summary>Writing the checkpoint.</summary>
    public const string Assemble = "assemble";

    /// <summary>Running the float model over the evaluation text.</summary>
    public const string EvaluateFloat = "evaluate float";

    /// <summary>Running the quantized model over the evaluation text.</summary>
    public const string Evaluate = "evaluate";
}
