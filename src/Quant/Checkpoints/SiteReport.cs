using MambaQuant.Quant.Quantization;

namespace MambaQuant.Quant.Checkpoints;

/// <summary>What quantization does to one activation.</summary>
/// <remarks>Signal to quantization noise is 10·log10(Σ x² / Σ (x − x̂)²) in decibels; infinite where nothing is lost, null where not measured.</remarks>
public sealed record SiteReport
{
    /// <summary>Site name, such as "out_proj_input".</summary>
    public required string Site { get; init; }

    /// <summary>How the activation is quantized; null where it stays float.</summary>
    public QuantizationArgs? Input { get; init; }

    /// <summary>Smallest value that calibration met after the transforms.</summary>
    public float? Minimum { get; init; }

    /// <summary>Largest value that calibration met after the transforms.</summary>
    public float? Maximum { get; init; }

    /// <summary>Smallest fixed scale; null when dynamic.</summary>
    public float? SmallestScale { get; init; }

    /// <summary>Largest fixed scale, the same one where there is a single one; null when dynamic.</summary>
    public float? LargestScale { get; init; }

    /// <summary>Fixed zero point; null when symmetric or dynamic.</summary>
    public int? ZeroPoint { get; init; }

    /// <summary>Signal to noise of the same quantizer before the transforms.</summary>
    public double? SqnrBefore { get; init; }

    /// <summary>Signal to noise after the transforms.</summary>
    public double? SqnrAfter { get; init; }
}
