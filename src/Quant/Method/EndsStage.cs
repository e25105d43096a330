using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Method;

/// <summary>Transforms and quantizes embeddings, final norm and head.</summary>
/// <remarks>Tables are read, folded and rounded in chunks of rows: a table of 50,280 × 2,560 in fp64 would be a gigabyte.</remarks>
public static class EndsStage
{
    private const int ChunkRows = 4096;

    /// <summary>Runs the stage.</summary>
    /// <param name="context">Backend, model, recipe, cancellation.</param>
    /// <param name="residual">The rotation of the residual stream, or null.</param>
    /// <param name="folder">The same rotation on the device, or null.</param>
    /// <param name="original">What the pass over the original model observed behind the last layer, or null.</param>
    /// <param name="head">Statistics of the head's input; null where nothing observes it.</param>
    /// <returns>The ends, which the caller disposes, and what was lost.</returns>
    public static (QuantizedEnds Ends, LayerQuantizationReport Report) Quantize(MethodContext context, Rotation? residual, EndsFolder? folder, LayerStatistics? original, LayerStatistics? head)
    {
        ArgumentNullException.ThrowIfNull(context);
        QuantizationScheme scheme = context.Scheme;
        string headTensor = context.Checkpoint.HasSeparateHead ? context.Family.Head.Weight : context.Family.Embeddings.Weight;
        int tables = HeadIsTied(context) ? 1 : 2, pieces = tables * ((context.Config.VocabularySize + ChunkRows - 1) / ChunkRows), begun = 0;
        void Step() => context.Stepped?.Invoke(begun++, pieces);
        using Tensor norm = folder is null ? context.Checkpoint.LoadFinalNorm(context.Kernels) : folder.FinalNorm();
        return EndsQuantizer.Quantize(
            context.Kernels,
            context.Family,
            new Shape(context.Config.VocabularySize, context.Config.DModel),
            Chunks(context, context.Family.Embeddings.Weight, folder is null ? null : folder.Embeddings, Step),
            HeadIsTied(context) ? null : Chunks(context, headTensor, folder is null ? null : folder.Head, Step),
            norm,
            scheme,
            head?.Find(ActivationSite.HeadInput),
            context.Recipe.Gptq?.ToOptions(),
            HeadMoment(context, residual, norm, original, head));
    }

    /// <summary>Whether the head stays the embedding table: it was, no rotation tells them apart, and both are quantized alike.</summary>
    /// <param name="context">Model and recipe.</param>
    public static bool HeadIsTied(MethodContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return QuantizedEndsLayout.StaysTied(context.Family, context.Recipe, context.Checkpoint.HasSeparateHead);
    }

    private static SecondMoment? HeadMoment(
        MethodContext context, Rotation? residual, Tensor foldedNorm, LayerStatistics? original, LayerStatistics? head)
    {
        if (context.Recipe.Gptq is { Sequential: true })
        {
            return head?.Find(ActivationSite.HeadInput)?.Moment;
        }

        return context.Recipe.Gptq is not null && original?.Find(ActivationSite.ResidualStream)?.Moment is { } stream
            ? SecondMomentTransfer.ToNormOutput(context.Kernels, stream, residual, foldedNorm)
            : null;
    }

    private static IEnumerable<Tensor> Chunks(MethodContext context, string name, Func<Tensor, Tensor>? fold, Action stepped)
    {
        for (int first = 0; first < context.Config.VocabularySize; first += ChunkRows)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            stepped();
            Tensor rows = context.Checkpoint.LoadRows(context.Kernels, name, first, Math.Min(ChunkRows, context.Config.VocabularySize - first));
            if (fold is null)
            {
                yield return rows;
                continue;
            }

            using (rows)
            {
                yield return fold(rows);
            }
        }
    }
}
