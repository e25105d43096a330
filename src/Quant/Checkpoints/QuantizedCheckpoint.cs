using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Checkpoints;

/// <summary>A quantized checkpoint on disk: checked when opened, then read part by part.</summary>
/// <remarks>config.json and the safetensors are enough; the other files of the folder are for people. Not thread-safe.</remarks>
public sealed class QuantizedCheckpoint : IDisposable
{
    private const int ShownProblems = 20;

    private readonly CheckpointTensors _tensors;

    private QuantizedCheckpoint(MambaConfig config, QuantizedModelLayout layout, CheckpointTensors tensors)
    {
        Config = config;
        Layout = layout;
        _tensors = tensors;
    }

    /// <summary>The folder.</summary>
    public string Directory => _tensors.Directory;

    /// <summary>The model's dimensions.</summary>
    public MambaConfig Config { get; }

    /// <summary>What is quantized, and how.</summary>
    public QuantizedModelLayout Layout { get; }

    /// <summary>The files and their tensors, for inspection.</summary>
    public CheckpointTensors Tensors => _tensors;

    /// <summary>Bytes of all tensors.</summary>
    public long TensorBytes => _tensors.Files.Sum(file => file.Tensors.Sum(tensor => tensor.SizeBytes));

    /// <summary>Opens a checkpoint and checks that its tensors are those that config.json promises: names, types and shapes.</summary>
    /// <param name="directory">The folder.</param>
    /// <returns>The open checkpoint; dispose it.</returns>
    /// <exception cref="UnsupportedModelException">The folder holds something else, or another version's format.</exception>
    /// <exception cref="InvalidModelConfigException">The model's own fields of config.json are wrong.</exception>
    /// <exception cref="InvalidCheckpointException">The quantization blocks are wrong, or tensors are missing, unexpected or of another type or shape.</exception>
    /// <exception cref="InvalidSafetensorsException">A file is damaged.</exception>
    public static QuantizedCheckpoint Open(string directory)
    {
        (MambaConfig config, QuantizedModelLayout layout) = QuantizedConfigReader.Read(directory);
        CheckpointTensors tensors = CheckpointTensors.Open(directory);
        bool opened = false;
        try
        {
            Check(config, layout, tensors);
            opened = true;
            return new QuantizedCheckpoint(config, layout, tensors);
        }
        finally
        {
            if (!opened)
            {
                tensors.Dispose();
            }
        }
    }

    /// <summary>Reads a layer.</summary>
    /// <param name="memory">Memory of the backend that will own it.</param>
    /// <param name="layer">Index of the layer.</param>
    /// <exception cref="InvalidCheckpointException">A code is off its grid, or a scale is not positive and finite.</exception>
    /// <exception cref="NonFiniteWeightException">A float weight is NaN or infinite.</exception>
    public QuantizedLayer ReadLayer(ITensorMemory memory, int layer)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentOutOfRangeException.ThrowIfNegative(layer);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(layer, Config.LayerCount);
        return new QuantizedPartReader(memory, _tensors).Layer(Config, Layout.Layers[layer], layer);
    }

    /// <summary>Reads embeddings, final norm and head.</summary>
    /// <param name="memory">Memory of the backend that will own them.</param>
    /// <exception cref="InvalidCheckpointException">A code is off its grid, or a scale is not positive and finite.</exception>
    /// <exception cref="NonFiniteWeightException">A float weight is NaN or infinite.</exception>
    public QuantizedEnds ReadEnds(ITensorMemory memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        return new QuantizedPartReader(memory, _tensors).Ends(Config, Layout.Ends);
    }

    /// <summary>Closes the files.</summary>
    public void Dispose() => _tensors.Dispose();

    private static void Check(MambaConfig config, QuantizedModelLayout layout, CheckpointTensors tensors)
    {
        var problems = new List<string>();
        var expected = new HashSet<string>(StringComparer.Ordinal);
        foreach (SafetensorsDeclaration tensor in QuantizedTensorPlan.All(config, layout))
        {
            expected.Add(tensor.Name);
            if (!tensors.TryGet(tensor.Name, out CheckpointTensor found))
            {
                problems.Add($"'{tensor.Name}' {tensor.DType} {tensor.Shape} is missing");
            }
            else if (found.Entry.Shape != tensor.Shape || found.Entry.DType != tensor.DType)
            {
                problems.Add($"'{tensor.Name}': expected {tensor.DType} {tensor.Shape}, found {found.Entry.DType} {found.Entry.Shape}");
            }
        }

        problems.AddRange(tensors.Names.Where(name => !expected.Contains(name)).Select(name => $"'{name}' is unexpected"));
        if (problems.Count == 0)
        {
            return;
        }

        IEnumerable<string> shown = problems.Take(ShownProblems);
        if (problems.Count > ShownProblems)
        {
            shown = shown.Append($"and {problems.Count - ShownProblems} more");
        }

        throw new InvalidCheckpointException(
            $"'{tensors.Directory}': the tensors are not those of {MambaConfigReader.FileName} ({problems.Count} problems):\n  {string.Join("\n  ", shown)}\n"
            + "Quantize the model again, or fetch the checkpoint again.");
    }
}
