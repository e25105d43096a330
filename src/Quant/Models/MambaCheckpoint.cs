using System.Text.Json;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Tensors;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace MambaQuant.Quant.Models;

/// <summary>A float Mamba-1 checkpoint on disk: checked when opened, then read layer by layer, never as a whole.</summary>
/// <remarks>Weights are widened to fp32 in pieces of a few MB; what is returned is owned by the caller. Not thread-safe.</remarks>
public sealed class MambaCheckpoint : IDisposable
{
    private const int PieceElements = 1 << 20;

    private readonly CheckpointTensors _tensors;
    private readonly Action<CheckpointTensor>? _beforeRead;
    private float[] _piece = [];

    private MambaCheckpoint(MambaConfig config, CheckpointTensors tensors, Action<CheckpointTensor>? beforeRead)
    {
        Config = config;
        _tensors = tensors;
        _beforeRead = beforeRead;
    }

    /// <summary>The model's files.</summary>
    public IModelFiles Source => _tensors.Source;

    /// <summary>The folder; where the files lie in no folder, what says where.</summary>
    public string Directory => _tensors.Directory;

    /// <summary>The model's dimensions.</summary>
    public MambaConfig Config { get; }

    /// <summary>Whether the head has a table of its own.</summary>
    public bool HasSeparateHead => !Config.TieEmbeddings;

    /// <summary>Bytes of all tensors in the files.</summary>
    public long TensorBytes => _tensors.Files.Sum(file => file.Tensors.Sum(tensor => tensor.SizeBytes));

    /// <summary>The files and their tensors, for hashing and inspection.</summary>
    public CheckpointTensors Tensors => _tensors;

    /// <summary>Opens a checkpoint and checks every tensor's name, shape and element type against config.json.</summary>
    /// <param name="directory">The model folder.</param>
    /// <returns>The open checkpoint; dispose it.</returns>
    /// <remarks>Cost: reads config.json and the headers; values only where a tied model brings a redundant head, to compare it.</remarks>
    /// <exception cref="UnsupportedModelException">The folder holds something else; the message says what helps.</exception>
    /// <exception cref="InvalidModelConfigException">config.json is wrong.</exception>
    /// <exception cref="InvalidSafetensorsException">A file is damaged, or tensors are missing, unexpected or of another shape; all are named together.</exception>
    public static MambaCheckpoint Open(string directory) => Open(ModelFolder.Open(directory));

    /// <summary>Opens a checkpoint wherever its files lie, and checks every tensor's name, shape and element type against config.json.</summary>
    /// <param name="source">The files.</param>
    /// <param name="beforeRead">Is shown a tensor before weights are loaded from it, each time, and refuses it by an exception; null for nobody.</param>
    /// <returns>The open checkpoint; dispose it.</returns>
    /// <remarks>Cost: reads config.json and the headers; values only where a tied model brings a redundant head, to compare it.</remarks>
    /// <exception cref="UnsupportedModelException">The files are something else; the message says what helps.</exception>
    /// <exception cref="InvalidModelConfigException">config.json is wrong.</exception>
    /// <exception cref="InvalidSafetensorsException">A file is damaged, or tensors are missing, unexpected or of another shape; all are named together.</exception>
    public static MambaCheckpoint Open(IModelFiles source, Action<CheckpointTensor>? beforeRead = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        MambaConfig config = ReadConfig(source);
        CheckpointTensors tensors = CheckpointTensors.Open(source);
        bool opened = false;
        try
        {
            MambaCheckpointCheck.Run(config, tensors);
            opened = true;
            return new MambaCheckpoint(config, tensors, beforeRead);
        }
        finally
        {
            if (!opened)
            {
                tensors.Dispose();
            }
        }
    }

    /// <summary>Loads the weights of one layer in fp32.</summary>
    /// <param name="memory">Memory of the backend that will own them.</param>
    /// <param name="layer">Index of the layer.</param>
    /// <returns>All tensors by their names within the layer; the convolution's as [E, K].</returns>
    /// <exception cref="NonFiniteWeightException">A weight is NaN or infinite.</exception>
    public LayerWeights LoadLayer(ITensorMemory memory, int layer)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentOutOfRangeException.ThrowIfNegative(layer);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(layer, Config.LayerCount);
        var weights = new LayerWeights(layer);
        bool loaded = false;
        try
        {
            foreach ((string name, Shape stored) in MambaCheckpointLayout.Layer(Config))
            {
                Shape shape = name == MambaTensors.Conv ? new Shape(Config.DInner, Config.DConv) : stored;
                weights[name] = Load(memory, MambaTensors.InLayer(layer, name), shape);
            }

            loaded = true;
            return weights;
        }
        finally
        {
            if (!loaded)
            {
                weights.Dispose();
            }
        }
    }

    /// <summary>Loads the weight of the final norm.</summary>
    /// <param name="memory">Memory of the backend that will own it.</param>
    /// <returns>[d] F32.</returns>
    /// <exception cref="NonFiniteWeightException">A weight is NaN or infinite.</exception>
    public Tensor LoadFinalNorm(ITensorMemory memory) => Load(memory, MambaTensors.FinalNorm, new Shape(Config.DModel));

    /// <summary>Loads the whole embedding table.</summary>
    /// <param name="memory">Memory of the backend that will own it.</param>
    /// <returns>[V, d] F32.</returns>
    /// <exception cref="NonFiniteWeightException">A weight is NaN or infinite.</exception>
    public Tensor LoadEmbeddings(ITensorMemory memory) => Load(memory, MambaTensors.Embeddings, MambaCheckpointLayout.TableShape(Config));

    /// <summary>Loads the whole head: its own table, or the embedding table where they are tied.</summary>
    /// <param name="memory">Memory of the backend that will own it.</param>
    /// <returns>[V, d] F32.</returns>
    /// <exception cref="NonFiniteWeightException">A weight is NaN or infinite.</exception>
    public Tensor LoadHead(ITensorMemory memory) =>
        Load(memory, HasSeparateHead ? MambaTensors.Head : MambaTensors.Embeddings, MambaCheckpointLayout.TableShape(Config));

    /// <summary>Loads some rows of a matrix, for tables that are not held whole.</summary>
    /// <param name="memory">Memory of the backend that will own them.</param>
    /// <param name="tensorName">Full name, such as <see cref="MambaTensors.Embeddings"/>.</param>
    /// <param name="first">First row.</param>
    /// <param name="count">Number of rows.</param>
    /// <returns>[count, columns] F32.</returns>
    /// <exception cref="InvalidSafetensorsException">There is no such tensor.</exception>
    /// <exception cref="NonFiniteWeightException">A weight is NaN or infinite.</exception>
    public Tensor LoadRows(ITensorMemory memory, string tensorName, int first, int count)
    {
        ArgumentNullException.ThrowIfNull(memory);
        CheckpointTensor source = _tensors.Get(tensorName);
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)first + count, source.Entry.Shape.Rows, nameof(count));
        return Load(memory, source, first, count, new Shape(count, source.Entry.Shape.Columns));
    }

    /// <summary>Closes the files.</summary>
    public void Dispose() => _tensors.Dispose();

    private static MambaConfig ReadConfig(IModelFiles source)
    {
        string path = source.Locate(MambaConfigReader.FileName);
        using JsonDocument document = MambaConfigReader.Open(source);
        MambaConfig config = MambaConfigReader.Read(document.RootElement, path);
        return !new JsonFields(document.RootElement, []).Has("quantization_config")
            ? config
            : throw new UnsupportedModelException(
                $"'{path}' has a quantization_config: the model is quantized already, a float checkpoint is expected. Name the folder it was made from.");
    }

    private Tensor Load(ITensorMemory memory, string name, Shape shape)
    {
        ArgumentNullException.ThrowIfNull(memory);
        CheckpointTensor source = _tensors.Get(name);
        return Load(memory, source, 0, source.Entry.Shape.Rows, shape);
    }

    /// <summary>Reads rows in pieces, checks them and places them one after the other.</summary>
    private Tensor Load(ITensorMemory memory, CheckpointTensor source, int first, int count, Shape shape)
    {
        _beforeRead?.Invoke(source);
        int columns = source.Entry.Shape.Columns;
        int pieceRows = Math.Max(1, PieceElements / Math.Max(1, columns));
        if (count <= pieceRows)
        {
            return memory.Upload(Read(source, first, count), shape);
        }

        Tensor result = memory.Allocate(DType.F32, shape);
        bool loaded = false;
        try
        {
            using Tensor matrix = memory.Reshape(result, new Shape(count, columns));
            for (int row = 0; row < count; row += pieceRows)
            {
                int rows = Math.Min(pieceRows, count - row);
                using Tensor values = memory.Upload(Read(source, first + row, rows), new Shape(rows, columns));
                using Tensor target = memory.Rows(matrix, row, rows);
                memory.Copy(values, target);
            }

            loaded = true;
            return result;
        }
        finally
        {
            if (!loaded)
            {
                result.Dispose();
            }
        }
    }

    private ReadOnlySpan<float> Read(CheckpointTensor source, int first, int count)
    {
        int columns = source.Entry.Shape.Columns;
        int length = checked(count * columns);
        if (_piece.Length < length)
        {
            _piece = new float[length];
        }

        Span<float> values = _piece.AsSpan(0, length);
        source.ReadFloat32Rows(first, count, values);
        if (!TensorPrimitives.IsFiniteAll<float>(values))
        {
            int bad = 0;
            while (float.IsFinite(values[bad]))
            {
                bad++;
            }

            throw new NonFiniteWeightException(source.File.Path, source.Entry.Name, ((long)first * columns) + bad, values[bad]);
        }

        return values;
    }
}
