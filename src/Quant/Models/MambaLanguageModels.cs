using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Models;

/// <summary>Builds float language models from checkpoints.</summary>
public static class MambaLanguageModels
{
    /// <summary>Loads a float model whole.</summary>
    /// <param name="kernels">The backend that will own the weights.</param>
    /// <param name="checkpoint">An open checkpoint; not needed afterwards.</param>
    /// <returns>The model in fp32; a tied head shares the embedding table. Dispose it before the backend.</returns>
    /// <remarks>Cost: four bytes a parameter.</remarks>
    /// <exception cref="NonFiniteWeightException">A weight is NaN or infinite.</exception>
    public static MambaLanguageModel LoadFloat(IKernels kernels, MambaCheckpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        return Load(kernels, checkpoint, checkpoint.Config.LayerCount);
    }

    /// <summary>Loads a float model without its blocks, for those who run them one by one.</summary>
    /// <param name="kernels">The backend that will own the weights.</param>
    /// <param name="checkpoint">An open checkpoint; not needed afterwards.</param>
    /// <returns>Embeddings, final norm and head in fp32; <see cref="MambaLanguageModel.Blocks"/> is empty. Dispose it before the backend.</returns>
    /// <exception cref="NonFiniteWeightException">A weight is NaN or infinite.</exception>
    public static MambaLanguageModel LoadFloatEnds(IKernels kernels, MambaCheckpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        return Load(kernels, checkpoint, layers: 0);
    }

    private static MambaLanguageModel Load(IKernels kernels, MambaCheckpoint checkpoint, int layers)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        MambaConfig config = checkpoint.Config;
        var blocks = new List<MambaBlock>();
        var owned = new List<IDisposable>();
        bool loaded = false;
        try
        {
            Tensor table = Keep(owned, checkpoint.LoadEmbeddings(kernels));
            for (int layer = 0; layer < layers; layer++)
            {
                blocks.Add(FloatBlock.Build(kernels, config, checkpoint.LoadLayer(kernels, layer), OnlineTransforms.None));
            }

            Tensor norm = Keep(owned, checkpoint.LoadFinalNorm(kernels));
            Tensor head = checkpoint.HasSeparateHead ? Keep(owned, checkpoint.LoadHead(kernels)) : table;
            loaded = true;
            return new MambaLanguageModel
            {
                Config = config,
                Embeddings = new FloatEmbedding(table),
                Blocks = blocks,
                FinalNorm = norm,
                HeadInput = new SiteInput(ActivationSite.HeadInput),
                Head = new FloatProjection(head, bias: null),
                Owned = owned,
            };
        }
        finally
        {
            if (!loaded)
            {
                blocks.ForEach(block => block.Dispose());
                owned.ForEach(tensor => tensor.Dispose());
            }
        }
    }

    private static Tensor Keep(List<IDisposable> owned, Tensor tensor)
    {
        owned.Add(tensor);
        return tensor;
    }
}
