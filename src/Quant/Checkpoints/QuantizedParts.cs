using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Safetensors;

namespace MambaQuant.Quant.Checkpoints;

/// <summary>Parts of a quantized checkpoint in files of their own: what is made layer by layer, anywhere, and put together later.</summary>
/// <remarks>A part is a safetensors file with the tensors of <see cref="QuantizedTensorPlan"/>; its bytes depend on the values only.</remarks>
public static class QuantizedParts
{
    /// <summary>Writes a layer.</summary>
    /// <param name="path">The file; an older one is replaced.</param>
    /// <param name="memory">Memory of the backend that owns the layer.</param>
    /// <param name="config">The model's dimensions.</param>
    /// <param name="layer">The layer.</param>
    /// <exception cref="ArgumentException">Codes and arguments do not fit together.</exception>
    /// <exception cref="IOException">The disk is full or failed.</exception>
    public static void WriteLayer(string path, ITensorMemory memory, MambaConfig config, QuantizedLayer layer)
    {
        ArgumentNullException.ThrowIfNull(layer);
        QuantizedPartWriter.WriteLayer(memory, path, config, layer);
    }

    /// <summary>Writes the embedding table.</summary>
    /// <param name="path">The file; an older one is replaced.</param>
    /// <param name="memory">Memory of the backend that owns the ends.</param>
    /// <param name="config">The model's dimensions.</param>
    /// <param name="ends">The ends.</param>
    /// <exception cref="ArgumentException">Codes and arguments do not fit together.</exception>
    /// <exception cref="IOException">The disk is full or failed.</exception>
    public static void WriteEmbeddings(string path, ITensorMemory memory, MambaConfig config, QuantizedEnds ends) =>
        QuantizedPartWriter.WriteEmbeddings(memory, path, config, ends);

    /// <summary>Writes final norm and head.</summary>
    /// <inheritdoc cref="WriteEmbeddings" path="/param"/>
    /// <inheritdoc cref="WriteEmbeddings" path="/exception"/>
    public static void WriteHead(string path, ITensorMemory memory, MambaConfig config, QuantizedEnds ends) =>
        QuantizedPartWriter.WriteHead(memory, path, config, ends);

    /// <summary>Reads what <see cref="WriteLayer"/> wrote.</summary>
    /// <param name="path">The file.</param>
    /// <param name="memory">Memory of the backend that will own the layer.</param>
    /// <param name="config">The model's dimensions.</param>
    /// <param name="layout">How the layer is quantized.</param>
    /// <param name="layer">Index of the layer.</param>
    /// <returns>The layer; the caller disposes it.</returns>
    /// <exception cref="InvalidSafetensorsException">The file is damaged, or holds another part.</exception>
    /// <exception cref="InvalidCheckpointException">A code is off its grid, or a scale is not positive and finite.</exception>
    public static QuantizedLayer ReadLayer(string path, ITensorMemory memory, MambaConfig config, QuantizedLayerLayout layout, int layer)
    {
        using CheckpointTensors tensors = CheckpointTensors.OpenFile(path);
        return new QuantizedPartReader(memory, tensors).Layer(config, layout, layer);
    }

    /// <summary>Reads what <see cref="WriteEmbeddings"/> and <see cref="WriteHead"/> wrote.</summary>
    /// <param name="embeddingsPath">The file of the embedding table.</param>
    /// <param name="headPath">The file of final norm and head.</param>
    /// <param name="memory">Memory of the backend that will own the ends.</param>
    /// <param name="config">The model's dimensions.</param>
    /// <param name="layout">How they are quantized.</param>
    /// <returns>The ends; the caller disposes them.</returns>
    /// <exception cref="InvalidSafetensorsException">A file is damaged, or holds another part.</exception>
    /// <exception cref="InvalidCheckpointException">A code is off its grid, or a scale is not positive and finite.</exception>
    public static QuantizedEnds ReadEnds(string embeddingsPath, string headPath, ITensorMemory memory, MambaConfig config, QuantizedEndsLayout layout)
    {
        using CheckpointTensors tensors = CheckpointTensors.OpenFiles(embeddingsPath, headPath);
        return new QuantizedPartReader(memory, tensors).Ends(config, layout);
    }
}
