using MambaQuant.Quant.Kernels;

namespace MambaQuant.Quant.Quantization;

/// <summary>How one weight or activation is quantized.</summary>
public sealed record QuantizationArgs
{
    /// <summary>Bits per value.</summary>
    /// <value>2 to 8.</value>
    public required int Bits { get; init; }

    /// <summary>Whether the zero point is fixed at 0.</summary>
    /// <value>True by default.</value>
    public bool Symmetric { get; init; } = true;

    /// <summary>Which values share a scale.</summary>
    /// <value>Tensor by default.</value>
    public QuantizationStrategy Strategy { get; init; } = QuantizationStrategy.Tensor;

    /// <summary>Inputs that share a scale; read with <see cref="QuantizationStrategy.Group"/> only.</summary>
    /// <value>128 by default where groups are used.</value>
    public int GroupSize { get; init; }

    /// <summary>Whether scales are computed from the values met at run time; else they are fixed by calibration.</summary>
    /// <value>False by default; must be true with <see cref="QuantizationStrategy.Token"/>.</value>
    public bool Dynamic { get; init; }

    /// <summary>How a fixed range is chosen.</summary>
    /// <value>MinMax by default; ignored when <see cref="Dynamic"/>.</value>
    public RangeEstimator Range { get; init; } = RangeEstimator.MinMax;

    /// <summary>The share of values kept on each side; read with <see cref="RangeEstimator.Percentile"/> only.</summary>
    /// <value>In (0.5, 1]; 0.99999 by default. Of the recurrent state, whose magnitudes alone are counted, the share kept in all.</value>
    public double Percentile { get; init; } = 0.99999;

    /// <summary>The integers of the codes.</summary>
    public CodeGrid Grid => new(Bits, Symmetric);
}
