namespace MambaQuant.Quant.Quantization;

/// <summary>How the weights of one module were quantized, and what that lost.</summary>
/// <param name="Module">Module name, such as "in_proj".</param>
/// <param name="Args">How they are quantized.</param>
public sealed record WeightQuantizationReport(string Module, QuantizationArgs Args)
{
    /// <summary>The smallest scale.</summary>
    public required float SmallestScale { get; init; }

    /// <summary>The largest scale.</summary>
    public required float LargestScale { get; init; }

    /// <summary>Signal to quantization noise 10·log10(Σ w² / Σ (w − ŵ)²) in decibels; infinite where nothing was lost.</summary>
    public required double Sqnr { get; init; }

    /// <summary>Bytes of codes, scales and zero points as a checkpoint stores them.</summary>
    public required long Bytes { get; init; }

    /// <summary>What GPTQ did, or null where weights were rounded to nearest.</summary>
    public GptqReport? Gptq { get; init; }
}
