namespace MambaQuant.Quant.Kernels;

/// <summary>How weight scales are fitted.</summary>
/// <param name="Estimator">The kind of range.</param>
/// <param name="Percentile">The share kept on each side, in (0.5, 1]; read by <see cref="RangeEstimator.Percentile"/> only.</param>
public readonly record struct WeightRange(RangeEstimator Estimator, double Percentile);
