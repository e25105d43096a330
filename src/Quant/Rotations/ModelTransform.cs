using System.Collections.Immutable;

namespace MambaQuant.Quant.Rotations;

/// <summary>What is going to be changed in a whole model: the one rotation of the residual stream, and the layers' own transforms.</summary>
public sealed class ModelTransform
{
    private const string ResidualFile = "residual_rotation.safetensors";

    /// <summary>Makes a transform.</summary>
    /// <param name="residual">The rotation of the residual stream, or null.</param>
    /// <param name="layers">A transform per layer, in order.</param>
    /// <exception cref="ArgumentException">A layer is missing or out of order.</exception>
    public ModelTransform(Rotation? residual, ImmutableArray<LayerTransform> layers)
    {
        for (int layer = 0; layer < layers.Length; layer++)
        {
            if (layers[layer].Layer != layer)
            {
                throw new ArgumentException($"the transform of layer {layer} is expected, found that of layer {layers[layer].Layer}", nameof(layers));
            }
        }

        Residual = residual;
        Layers = layers;
    }

    /// <summary>The rotation of the residual stream, or null.</summary>
    public Rotation? Residual { get; }

    /// <summary>The layers' own transforms.</summary>
    public ImmutableArray<LayerTransform> Layers { get; }

    /// <summary>Changes nothing.</summary>
    /// <param name="layerCount">Number of layers.</param>
    public static ModelTransform None(int layerCount) => new(null, [.. Enumerable.Range(0, layerCount).Select(layer => new LayerTransform(layer))]);

    /// <summary>Writes one file per layer, and one for the residual rotation where there is one.</summary>
    /// <param name="directory">The folder; it must exist.</param>
    /// <exception cref="IOException">The disk is full or failed.</exception>
    public void Write(string directory)
    {
        ArgumentNullException.ThrowIfNull(directory);
        string residual = Path.Combine(directory, ResidualFile);
        if (Residual is null)
        {
            // A rotation of an earlier transform in the same folder would be read back with these layers.
            File.Delete(residual);
        }

        Residual?.Write(residual);
        foreach (LayerTransform layer in Layers)
        {
            layer.Write(Path.Combine(directory, FileOf(layer.Layer)));
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <param name="directory">The folder.</param>
    /// <param name="layerCount">Number of layers.</param>
    /// <exception cref="Safetensors.InvalidSafetensorsException">A file is damaged or of another kind.</exception>
    /// <exception cref="IOException">A file is missing or cannot be read.</exception>
    public static ModelTransform Read(string directory, int layerCount)
    {
        ArgumentNullException.ThrowIfNull(directory);
        string residual = Path.Combine(directory, ResidualFile);
        return new ModelTransform(
            File.Exists(residual) ? Rotation.Read(residual) : null,
            [.. Enumerable.Range(0, layerCount).Select(layer => LayerTransform.Read(Path.Combine(directory, FileOf(layer))))]);
    }

    private static string FileOf(int layer) => $"layer_{layer:D4}.safetensors";
}
