using MambaQuant.Quant.Quantization;

namespace MambaQuant.Quant.Checkpoints;

/// <summary>What quantization did to the weights of one module.</summary>
/// <remarks>Signal to quantization noise is 10·log10(Σ w² / Σ (w − ŵ)²) in decibels; infinite where nothing was lost, null where not measured.</remarks>
public sealed record ModuleReport
{
    /// <summary>Module name, such as "in_proj".</summary>
    public required string Module { get; init; }

    /// <summary>How the weights are quantized; null where they stay float.</summary>
    public QuantizationArgs? Weights { get; init; }

    /// <summary>Bytes of the weights with their scales and zero points.</summary>
    public long Bytes { get; init; }

    /// <summary>Signal to noise of the weights before the transforms, rounded to nearest with the same arguments.</summary>
    public double? SqnrBefore { get; init; }

    /// <summary>Signal to noise of the weights as stored, against the transformed ones.</summary>
    public double? SqnrAfter { get; init; }

    /// <summary>What GPTQ added to the diagonal, as a share of its mean; null where it did not run.</summary>
    public double? Damping { get; init; }
}
