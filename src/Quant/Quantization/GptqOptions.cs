namespace MambaQuant.Quant.Quantization;

/// <summary>How GPTQ runs.</summary>
public sealed record GptqOptions
{
    /// <summary>Columns that are rounded before all columns behind them are updated.</summary>
    /// <value>128 by default; at least 1. A group of fewer columns is a block of its own. Speed only.</value>
    public int BlockSize { get; init; } = 128;

    /// <summary>Share of the mean diagonal that is added to the diagonal of the second moments.</summary>
    /// <value>0.01 by default; above 0 and at most 1. Raised tenfold where the factorization fails, and reported.</value>
    public double Damping { get; init; } = 0.01;

    /// <summary>Whether columns of large second moment go first.</summary>
    /// <value>False by default. With groups, their scales then come from the original weights, and columns are rounded one by one (slow).</value>
    public bool ActivationOrder { get; init; }

    /// <summary>Weights of more bits are rounded to nearest.</summary>
    /// <value>4 by default; 2 to 8.</value>
    public int MaximumBits { get; init; } = 4;

    /// <summary>Whether GPTQ is meant for these weights.</summary>
    /// <param name="args">How the weights are quantized.</param>
    public bool Covers(QuantizationArgs args)
    {
        ArgumentNullException.ThrowIfNull(args);
        return args.Bits <= MaximumBits;
    }
}
