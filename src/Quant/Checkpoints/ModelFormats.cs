using System.Text.Json;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Safetensors;

namespace MambaQuant.Quant.Checkpoints;

/// <summary>Tells float and quantized model folders apart.</summary>
public static class ModelFormats
{
    /// <summary>Looks into config.json.</summary>
    /// <param name="directory">A model folder.</param>
    /// <returns>Quantized where this program wrote it; float where nothing is said of quantization.</returns>
    /// <exception cref="UnsupportedModelException">There is no such folder, or another program quantized the model.</exception>
    /// <exception cref="InvalidModelConfigException">config.json is missing or damaged.</exception>
    public static ModelFormat Detect(string directory)
    {
        ModelDirectory.EnsureExists(directory);
        string path = Path.Combine(directory, MambaConfigReader.FileName);
        if (!File.Exists(path))
        {
            throw new InvalidModelConfigException(
                $"'{directory}' has no {MambaConfigReader.FileName}: expected a model folder. Copy it from where the weights came from.");
        }

        using JsonDocument document = JsonFile.Read(path);
        var root = new JsonFields(document.RootElement, []);
        if (root.Has(CheckpointJson.OwnBlock))
        {
            return ModelFormat.Quantized;
        }

        return root.Has(CheckpointJson.QuantizationBlock)
            ? throw new UnsupportedModelException(
                $"'{path}' has a {CheckpointJson.QuantizationBlock} of another program; expected a float model, or one that this program quantized."
                + " Name the float model it was made from.")
            : ModelFormat.Float;
    }
}
