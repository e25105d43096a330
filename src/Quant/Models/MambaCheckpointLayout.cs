using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Models;

/// <summary>Which tensors a float Mamba-1 checkpoint holds, with their shapes as stored.</summary>
internal static class MambaCheckpointLayout
{
    /// <summary>All tensors but the head, in the order of the data flow.</summary>
    /// <param name="config">The model's dimensions.</param>
    public static IEnumerable<(string Name, Shape Shape)> Tensors(MambaConfig config)
    {
        yield return (MambaTensors.Embeddings, TableShape(config));
        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            foreach ((string name, Shape shape) in Layer(config))
            {
                yield return (MambaTensors.InLayer(layer, name), shape);
            }
        }

        yield return (MambaTensors.FinalNorm, new Shape(config.DModel));
    }

    /// <summary>The tensors of one layer by their names within it; the convolution as stored, [E, 1, K].</summary>
    /// <param name="config">The model's dimensions.</param>
    public static IEnumerable<(string Name, Shape Shape)> Layer(MambaConfig config)
    {
        int d = config.DModel, e = config.DInner, n = config.DState, r = config.DtRank;
        yield return (MambaTensors.Norm, new Shape(d));
        yield return (MambaTensors.InProj, new Shape(checked(2 * e), d));
        if (config.UseBias)
        {
            yield return (MambaTensors.InProjBias, new Shape(2 * e));
        }

        yield return (MambaTensors.Conv, new Shape(e, 1, config.DConv));
        if (config.UseConvBias)
        {
            yield return (MambaTensors.ConvBias, new Shape(e));
        }

        yield return (MambaTensors.XProj, new Shape(checked(r + (2 * n)), e));
        yield return (MambaTensors.DtProj, new Shape(e, r));
        yield return (MambaTensors.DtProjBias, new Shape(e));
        yield return (MambaTensors.ALog, new Shape(e, n));
        yield return (MambaTensors.D, new Shape(e));
        yield return (MambaTensors.OutProj, new Shape(d, e));
        if (config.UseBias)
        {
            yield return (MambaTensors.OutProjBias, new Shape(d));
        }
    }

    /// <summary>Shape of the embedding table and of the head, [V, d].</summary>
    /// <param name="config">The model's dimensions.</param>
    public static Shape TableShape(MambaConfig config) => new(config.VocabularySize, config.DModel);
}
