using MambaQuant.Quant.Quantization;

namespace MambaQuant.Quant.Checkpoints;

/// <summary>How embeddings and head of a checkpoint are quantized: everything about them but the numbers.</summary>
/// <param name="Embeddings">The embedding table, or null where it stays float.</param>
/// <param name="HeadIsTied">Whether the head is the embedding table itself.</param>
/// <param name="Head">The head; where it is tied its weights are quantized as the table is.</param>
public sealed record QuantizedEndsLayout(QuantizationArgs? Embeddings, bool HeadIsTied, ModuleScheme Head)
{
    /// <summary>The layout of ends in memory.</summary>
    /// <param name="ends">Embeddings, final norm, head.</param>
    /// <exception cref="ArgumentException">A table is there twice or not at all, or codes lack their arguments.</exception>
    public static QuantizedEndsLayout Of(QuantizedEnds ends)
    {
        ArgumentNullException.ThrowIfNull(ends);
        Require(ends.EmbeddingCodes is null != (ends.EmbeddingTable is null), "the embedding table must be there once, as codes or in fp32");
        Require(ends.EmbeddingCodes is not null == ends.EmbeddingArgs is not null, "embeddings: codes and their arguments go together");
        int heads = (ends.HeadIsTied ? 1 : 0) + (ends.HeadCodes is null ? 0 : 1) + (ends.HeadTable is null ? 0 : 1);
        Require(heads == 1, "the head must be there once: tied, as codes or in fp32");
        QuantizationArgs? head = ends.HeadIsTied ? ends.EmbeddingArgs : ends.HeadArgs;
        Require(ends.HeadIsTied || ends.HeadCodes is not null == head is not null, "head: codes and their arguments go together");
        return new QuantizedEndsLayout(ends.EmbeddingArgs, ends.HeadIsTied, new ModuleScheme(head, ends.HeadInput?.Args));
    }

    private static void Require(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new ArgumentException(otherwise);
        }
    }
}
