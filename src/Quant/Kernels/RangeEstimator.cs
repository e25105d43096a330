namespace MambaQuant.Quant.Kernels;

/// <summary>How the range that a quantizer covers is chosen from the values it will meet.</summary>
public enum RangeEstimator
{
    /// <summary>Smallest and largest value.</summary>
    MinMax,

    /// <summary>The range that keeps a given share of the values on each side; what lies outside is clipped.</summary>
    Percentile,

    /// <summary>The range with the least expected squared error of rounding and clipping together.</summary>
    MeanSquaredError,
}
