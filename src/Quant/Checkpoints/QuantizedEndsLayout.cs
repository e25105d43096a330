using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Recipes;

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

    /// <summary>The layout that a recipe is going to give the ends.</summary>
    /// <param name="family">The model's tables.</param>
    /// <param name="recipe">A valid recipe.</param>
    /// <param name="hasSeparateHead">Whether the float model has a head of its own.</param>
    public static QuantizedEndsLayout Planned(ModelFamily family, Recipe recipe, bool hasSeparateHead)
    {
        ArgumentNullException.ThrowIfNull(family);
        ArgumentNullException.ThrowIfNull(recipe);
        QuantizationScheme scheme = recipe.Quantization!.Scheme;
        ModuleScheme head = scheme.Find(family.Head.Name) ?? new ModuleScheme(null, null);
        QuantizationArgs? table = scheme.Find(family.Embeddings.Name)?.Weights;
        bool isTied = StaysTied(family, recipe, hasSeparateHead);
        return new QuantizedEndsLayout(table, isTied, isTied ? head with { Weights = table } : head);
    }

    /// <summary>Whether the head stays the embedding table: it was, no rotation tells them apart, and both are quantized alike.</summary>
    /// <param name="family">The model's tables.</param>
    /// <param name="recipe">A valid recipe.</param>
    /// <param name="hasSeparateHead">Whether the float model has a head of its own.</param>
    public static bool StaysTied(ModelFamily family, Recipe recipe, bool hasSeparateHead)
    {
        ArgumentNullException.ThrowIfNull(family);
        ArgumentNullException.ThrowIfNull(recipe);
        QuantizationScheme scheme = recipe.Quantization!.Scheme;
        return !hasSeparateHead
            && recipe.RotationAt(RotationSite.ResidualStream) is null
            && scheme.Find(family.Embeddings.Name)?.Weights == scheme.Find(family.Head.Name)?.Weights;
    }

    private static void Require(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new ArgumentException(otherwise);
        }
    }
}
