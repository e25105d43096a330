using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;

namespace MambaQuant.Quant.Inference;

/// <summary>Builds runnable language models from quantized parts, on disk or in memory.</summary>
public static class QuantizedLanguageModel
{
    /// <summary>Loads a quantized checkpoint whole.</summary>
    /// <param name="kernels">The backend that will own it.</param>
    /// <param name="directory">The checkpoint's folder.</param>
    /// <param name="arithmetic">Integer, or its fp64 reference.</param>
    /// <returns>The model; dispose it before the backend. Weights stay codes, one byte each.</returns>
    /// <exception cref="InvalidCheckpointException">The checkpoint is damaged or contradicts itself.</exception>
    public static MambaLanguageModel Load(IKernels kernels, string directory, QuantizedArithmetic arithmetic)
    {
        using QuantizedCheckpoint checkpoint = QuantizedCheckpoint.Open(directory);
        return Load(kernels, checkpoint, arithmetic);
    }

    /// <summary>Loads a quantized checkpoint whole.</summary>
    /// <param name="kernels">The backend that will own it.</param>
    /// <param name="checkpoint">The open checkpoint; not needed afterwards.</param>
    /// <param name="arithmetic">Integer, or its fp64 reference.</param>
    /// <returns>The model; dispose it before the backend.</returns>
    /// <exception cref="InvalidCheckpointException">A code or scale is damaged.</exception>
    public static MambaLanguageModel Load(IKernels kernels, QuantizedCheckpoint checkpoint, QuantizedArithmetic arithmetic)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        ArgumentNullException.ThrowIfNull(checkpoint);
        using var disposal = new DisposalScope();
        QuantizedEnds ends = disposal.Add(checkpoint.ReadEnds(kernels));
        var layers = new List<QuantizedLayer>();
        for (int layer = 0; layer < checkpoint.Config.LayerCount; layer++)
        {
            layers.Add(disposal.Add(checkpoint.ReadLayer(kernels, layer)));
        }

        MambaLanguageModel model = Build(kernels, checkpoint.Config, layers, ends, arithmetic);
        disposal.Keep();
        return model;
    }

    /// <summary>Builds a model from parts in memory.</summary>
    /// <param name="kernels">The backend of the parts.</param>
    /// <param name="config">The model's dimensions.</param>
    /// <param name="layers">The layers in order; owned by the model from now on.</param>
    /// <param name="ends">Embeddings, final norm, head; owned by the model from now on.</param>
    /// <param name="arithmetic">Integer, or its fp64 reference.</param>
    public static MambaLanguageModel Build(
        IKernels kernels, MambaConfig config, IReadOnlyList<QuantizedLayer> layers, QuantizedEnds ends, QuantizedArithmetic arithmetic)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(layers);
        ArgumentNullException.ThrowIfNull(ends);
        return new MambaLanguageModel
        {
            Config = config,
            Embeddings = ends.EmbeddingCodes is null ? new FloatEmbedding(ends.EmbeddingTable!) : new QuantizedEmbedding(ends.EmbeddingCodes),
            Blocks = [.. layers.Select(layer => QuantizedBlock.Build(kernels, config, layer, arithmetic))],
            FinalNorm = ends.FinalNorm,
            HeadInput = new SiteInput(ActivationSite.HeadInput, Quantizer: ends.HeadInput),
            Head = Head(ends, arithmetic),
            Owned = [.. layers, ends],
        };
    }

    private static IProjection Head(QuantizedEnds ends, QuantizedArithmetic arithmetic)
    {
        WeightCodes? codes = ends.HeadIsTied ? ends.EmbeddingCodes : ends.HeadCodes;
        return codes is null
            ? new DequantizingProjection((ends.HeadIsTied ? ends.EmbeddingTable : ends.HeadTable)!, bias: null)
            : new QuantizedProjection(codes, bias: null, arithmetic);
    }
}
