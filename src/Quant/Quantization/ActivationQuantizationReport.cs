using MambaQuant.Quant.Models;

namespace MambaQuant.Quant.Quantization;

/// <summary>How one activation site was quantized, and what that is expected to lose.</summary>
/// <param name="Site">The site.</param>
/// <param name="Args">How it is quantized.</param>
public sealed record ActivationQuantizationReport(ActivationSite Site, QuantizationArgs Args)
{
    /// <summary>Smallest value that calibration met; null where it was not observed.</summary>
    public float? Minimum { get; init; }

    /// <summary>Largest value that calibration met; null where it was not observed.</summary>
    public float? Maximum { get; init; }

    /// <summary>The smallest fixed scale; null when dynamic.</summary>
    public float? SmallestScale { get; init; }

    /// <summary>The largest fixed scale, the same where there is one; null when dynamic.</summary>
    public float? LargestScale { get; init; }

    /// <summary>The fixed zero point; null when symmetric or dynamic.</summary>
    public int? ZeroPoint { get; init; }

    /// <summary>The share of values beyond the outermost codes, 0 to 1; null when dynamic or not counted.</summary>
    public double? ClippedShare { get; init; }

    /// <summary>Expected signal to quantization noise 10·log10(Σ x² / Σ (x − x̂)²) in decibels, from the histogram; infinite where nothing is lost, null when dynamic or not counted.</summary>
    public double? Sqnr { get; init; }
}
