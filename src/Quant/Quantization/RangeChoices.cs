using MambaQuant.Quant.Kernels;

namespace MambaQuant.Quant.Quantization;

/// <summary>How fixed ranges are estimated, per kind of value: the one place where defaults of estimators stand.</summary>
public sealed record RangeChoices
{
    /// <summary>Smallest and largest value everywhere: what a plain quantizer does.</summary>
    public static RangeChoices MinMax { get; } = new();

    /// <summary>What every preset but rtn uses, so that presets differ in their transforms and in nothing else.</summary>
    /// <remarks>Weights of few bits gain from clipping, weights of many do not notice it; activations are flattened by the transforms first.</remarks>
    public static RangeChoices Preset { get; } = new()
    {
        Weights = RangeEstimator.MeanSquaredError,
        Inputs = RangeEstimator.MeanSquaredError,
        ScanState = RangeEstimator.MinMax,
        ScanOutput = RangeEstimator.MinMax,
    };

    /// <summary>Weights of all modules.</summary>
    /// <value>MinMax by default.</value>
    public RangeEstimator Weights { get; init; }

    /// <summary>Static inputs of all modules.</summary>
    /// <value>MinMax by default.</value>
    public RangeEstimator Inputs { get; init; }

    /// <summary>h where it meets C.</summary>
    /// <value>MinMax by default.</value>
    public RangeEstimator ScanState { get; init; }

    /// <summary>C where it meets h.</summary>
    /// <value>MinMax by default.</value>
    public RangeEstimator ScanOutput { get; init; }

    /// <summary>The share of values kept on each side, wherever an estimator is <see cref="RangeEstimator.Percentile"/>.</summary>
    /// <value>0.99999 by default; in (0.5, 1].</value>
    public double Percentile { get; init; } = 0.99999;
}
