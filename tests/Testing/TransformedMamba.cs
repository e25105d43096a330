using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Testing;

/// <summary>Loads a float checkpoint with a transform folded in, as a whole model in memory.</summary>
public static class TransformedMamba
{
    /// <summary>Loads a model.</summary>
    /// <param name="k">The backend.</param>
    /// <param name="checkpoint">An open checkpoint; not needed afterwards.</param>
    /// <param name="transform">What to fold.</param>
    /// <returns>A model that computes the same logits as the float model.</returns>
    public static MambaLanguageModel Load(IKernels k, MambaCheckpoint checkpoint, ModelTransform transform)
    {
        ArgumentNullException.ThrowIfNull(k);
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(transform);
        MambaConfig config = checkpoint.Config;
        ModelFamily family = MambaFamily.For(config);
        var owned = new List<IDisposable>();
        var blocks = new List<MambaBlock>();
        foreach (LayerTransform layer in transform.Layers)
        {
            using LayerWeights weights = checkpoint.LoadLayer(k, layer.Layer);
            OnlineTransforms online = Keep(LayerFolder.Online(k, family, layer));
            blocks.Add(FloatBlock.Build(k, config, LayerFolder.Fold(k, family, weights, transform.Residual, layer), online));
        }

        Tensor embeddings = Keep(checkpoint.LoadEmbeddings(k));
        Tensor head = Keep(checkpoint.LoadHead(k));
        Tensor norm = Keep(checkpoint.LoadFinalNorm(k));
        if (transform.Residual is not null)
        {
            using var ends = new EndsFolder(k, transform.Residual, norm);
            embeddings = Keep(ends.Embeddings(embeddings));
            head = Keep(ends.Head(head));
            norm = Keep(ends.FinalNorm());
        }

        return new MambaLanguageModel
        {
            Config = config,
            Embeddings = new FloatEmbedding(embeddings),
            Blocks = blocks,
            FinalNorm = norm,
            HeadInput = new SiteInput(ActivationSite.HeadInput),
            Head = new FloatProjection(head, bias: null),
            Owned = owned,
        };

        T Keep<T>(T resource)
            where T : IDisposable
        {
            owned.Add(resource);
            return resource;
        }
    }
}
