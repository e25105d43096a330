using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Safetensors;

namespace MambaQuant.Quant.Inference;

/// <summary>Opens model folders, float or quantized alike.</summary>
public static class LanguageModels
{
    /// <summary>Loads the model of a folder whole.</summary>
    /// <param name="kernels">The backend that will own it.</param>
    /// <param name="directory">The folder of a float or a quantized checkpoint.</param>
    /// <param name="arithmetic">How products of codes are computed; without effect on a float model.</param>
    /// <returns>The model; dispose it before the backend.</returns>
    /// <exception cref="Safetensors.UnsupportedModelException">The folder holds something else; the message says what helps.</exception>
    public static LoadedModel Open(IKernels kernels, string directory, QuantizedArithmetic arithmetic = QuantizedArithmetic.Integer)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        ModelFormat format = ModelFormats.Detect(directory);
        if (format == ModelFormat.Float)
        {
            using MambaCheckpoint floats = MambaCheckpoint.Open(directory);
            return new LoadedModel
            {
                Model = MambaLanguageModels.LoadFloat(kernels, floats),
                Format = format,
                Compute = ComputeKind.Float,
                TensorBytes = floats.TensorBytes,
                StepBytes = StepBytes(floats.Tensors, floats.Config),
            };
        }

        using QuantizedCheckpoint checkpoint = QuantizedCheckpoint.Open(directory);
        return new LoadedModel
        {
            Model = QuantizedLanguageModel.Load(kernels, checkpoint, arithmetic),
            Format = format,
            Compute = ComputeOf(checkpoint.Layout, arithmetic),
            TensorBytes = checkpoint.TensorBytes,
            StepBytes = StepBytes(checkpoint.Tensors, checkpoint.Config),
        };
    }

    /// <summary>What kind of arithmetic a layout leads to: one of integers only where both factors of some product are codes.</summary>
    /// <param name="layout">How the model is quantized.</param>
    /// <param name="arithmetic">How products of codes are computed.</param>
    public static ComputeKind ComputeOf(QuantizedModelLayout layout, QuantizedArithmetic arithmetic)
    {
        ArgumentNullException.ThrowIfNull(layout);
        bool multipliesCodes = IsOfCodes(layout.Ends.Head)
            || layout.Layers.Any(layer => layer.ScanState is not null || layer.Modules.Values.Any(IsOfCodes));
        return !multipliesCodes
            ? ComputeKind.WeightOnly
            : arithmetic == QuantizedArithmetic.Integer ? ComputeKind.Integer : ComputeKind.Simulated;
    }

    private static long StepBytes(CheckpointTensors tensors, MambaConfig config)
    {
        string table = QuantizedTensorNames.Module(MambaTensors.Embeddings);
        return tensors.Files.Sum(file => file.Tensors
            .Where(tensor => config.TieEmbeddings || !tensor.Name.StartsWith($"{table}.", StringComparison.Ordinal))
            .Sum(tensor => tensor.SizeBytes));
    }

    private static bool IsOfCodes(ModuleScheme module) => module is { Weights: not null, Input: not null };
}
