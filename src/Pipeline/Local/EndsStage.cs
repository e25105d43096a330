using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Pipeline.Local;

/// <summary>Transforms and quantizes embeddings, final norm and head.</summary>
/// <remarks>Tables are read, folded and rounded in chunks of rows: a table of 50,280 × 2,560 in fp64 would be a gigabyte.</remarks>
internal static class EndsStage
{
    private const int ChunkRows = 4096;

    /// <summary>Runs the stage.</summary>
    /// <param name="run">The run.</param>
    /// <param name="residual">The rotation of the residual stream, or null.</param>
    /// <param name="folder">The same rotation on the device, or null.</param>
    /// <param name="head">Statistics of the head's input; null where nothing observes it.</param>
    /// <returns>The ends, which the caller disposes, and what was lost.</returns>
    public static (QuantizedEnds Ends, LayerQuantizationReport Report) Quantize(Run run, Rotation? residual, EndsFolder? folder, LayerStatistics? head)
    {
        QuantizationScheme scheme = run.Recipe.Quantization!.Scheme;
        string headTensor = run.Checkpoint.HasSeparateHead ? run.Family.Head.Weight : run.Family.Embeddings.Weight;
        using Tensor norm = folder is null ? run.Checkpoint.LoadFinalNorm(run.Kernels) : folder.FinalNorm();
        return EndsQuantizer.Quantize(
            run.Kernels,
            run.Family,
            new Shape(run.Config.VocabularySize, run.Config.DModel),
            Chunks(run, run.Family.Embeddings.Weight, folder is null ? null : folder.Embeddings),
            HeadIsTied(run) ? null : Chunks(run, headTensor, folder is null ? null : folder.Head),
            norm,
            scheme,
            head?.Find(ActivationSite.HeadInput),
            run.Recipe.Gptq?.ToOptions(),
            HeadMoment(run, residual, norm, head));
    }

    /// <summary>Whether the head stays the embedding table: it was, no rotation tells them apart, and both are quantized alike.</summary>
    /// <param name="run">The run.</param>
    public static bool HeadIsTied(Run run)
    {
        QuantizationScheme scheme = run.Recipe.Quantization!.Scheme;
        return !run.Checkpoint.HasSeparateHead
            && run.Recipe.RotationAt(RotationSite.ResidualStream) is null
            && scheme.Find(run.Family.Embeddings.Name)?.Weights == scheme.Find(run.Family.Head.Name)?.Weights;
    }

    private static SecondMoment? HeadMoment(Run run, Rotation? residual, Tensor foldedNorm, LayerStatistics? head)
    {
        if (run.Recipe.Gptq is { Sequential: true })
        {
            return head?.Find(ActivationSite.HeadInput)?.Moment;
        }

        LayerStatistics? original = run.Scratch.ReadOriginalStatistics(run.Config.LayerCount);
        return run.Recipe.Gptq is not null && original?.Find(ActivationSite.ResidualStream)?.Moment is { } stream
            ? SecondMomentTransfer.ToNormOutput(run.Kernels, stream, residual, foldedNorm)
            : null;
    }

    private static IEnumerable<Tensor> Chunks(Run run, string name, Func<Tensor, Tensor>? fold)
    {
        for (int first = 0; first < run.Config.VocabularySize; first += ChunkRows)
        {
            run.Cancellation.ThrowIfCancellationRequested();
            Tensor rows = run.Checkpoint.LoadRows(run.Kernels, name, first, Math.Min(ChunkRows, run.Config.VocabularySize - first));
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
