using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Quantization;

/// <summary>What lies outside the layers: embeddings, final norm, head.</summary>
public sealed class QuantizedEnds : IDisposable
{
    /// <summary>The embedding table as codes, or null where it stays float.</summary>
    public WeightCodes? EmbeddingCodes { get; init; }

    /// <summary>The embedding table in fp32, [V, d], or null where it is quantized.</summary>
    public Tensor? EmbeddingTable { get; init; }

    /// <summary>Weight of the final norm, [d] F32.</summary>
    public required Tensor FinalNorm { get; init; }

    /// <summary>Whether the head is the embedding table itself (no transform told them apart).</summary>
    public required bool HeadIsTied { get; init; }

    /// <summary>The head as codes; null where it stays float or is tied.</summary>
    public WeightCodes? HeadCodes { get; init; }

    /// <summary>The head in fp32, [V, d]; null where it is quantized or tied.</summary>
    public Tensor? HeadTable { get; init; }

    /// <summary>The quantizer of the head's input, or null where it stays float.</summary>
    public SiteQuantization? HeadInput { get; init; }

    /// <summary>How the embedding table was quantized, or null.</summary>
    public QuantizationArgs? EmbeddingArgs { get; init; }

    /// <summary>How the head was quantized, or null; that of the table where it is tied.</summary>
    public QuantizationArgs? HeadArgs { get; init; }

    /// <inheritdoc/>
    public void Dispose()
    {
        EmbeddingCodes?.Dispose();
        EmbeddingTable?.Dispose();
        FinalNorm.Dispose();
        HeadCodes?.Dispose();
        HeadTable?.Dispose();
    }
}
