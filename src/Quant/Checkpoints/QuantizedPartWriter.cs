using System.Collections.Immutable;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Checkpoints;

/// <summary>Writes one part of a checkpoint, a layer or an end, into a safetensors file of its own.</summary>
/// <remarks>Large tensors leave the device in pieces of rows, so that nothing is held twice.</remarks>
internal sealed class QuantizedPartWriter : IDisposable
{
    private const int PieceElements = 1 << 20;

    private readonly ITensorMemory _memory;
    private readonly Dictionary<string, SafetensorsDeclaration> _plan;
    private readonly SafetensorsWriter _file;

    private QuantizedPartWriter(ITensorMemory memory, string path, IEnumerable<SafetensorsDeclaration> plan)
    {
        _memory = memory;
        List<SafetensorsDeclaration> tensors = [.. plan];
        _plan = tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        _file = new SafetensorsWriter(path, tensors, flush: false);
    }

    /// <summary>Writes the embedding table.</summary>
    public static void WriteEmbeddings(ITensorMemory memory, string path, MambaConfig config, QuantizedEnds ends)
    {
        QuantizedEndsLayout layout = QuantizedEndsLayout.Of(ends);
        using var part = new QuantizedPartWriter(memory, path, QuantizedTensorPlan.Embeddings(config, layout));
        part.WriteWeight(QuantizedTensorNames.Module(MambaTensors.Embeddings), ends.EmbeddingCodes, ends.EmbeddingTable, layout.Embeddings);
        part._file.Complete();
    }

    /// <summary>Writes final norm and head.</summary>
    public static void WriteHead(ITensorMemory memory, string path, MambaConfig config, QuantizedEnds ends)
    {
        QuantizedEndsLayout layout = QuantizedEndsLayout.Of(ends);
        using var part = new QuantizedPartWriter(memory, path, QuantizedTensorPlan.Head(config, layout));
        part.WriteFloat(MambaTensors.FinalNorm, ends.FinalNorm);
        string module = QuantizedTensorNames.Module(MambaTensors.Head);
        if (!ends.HeadIsTied)
        {
            part.WriteWeight(module, ends.HeadCodes, ends.HeadTable, layout.Head.Weights);
        }

        part.WriteInput(module, ends.HeadInput);
        part._file.Complete();
    }

    /// <summary>Writes a layer.</summary>
    public static void WriteLayer(ITensorMemory memory, string path, MambaConfig config, QuantizedLayer layer)
    {
        ModelFamily family = MambaFamily.For(config);
        QuantizedLayerLayout layout = QuantizedLayerLayout.Of(family, layer);
        using var part = new QuantizedPartWriter(memory, path, QuantizedTensorPlan.Layer(config, layout, layer.Layer));
        var modules = family.LayerModules.ToDictionary(module => module.Weight, StringComparer.Ordinal);
        foreach ((string name, _) in MambaCheckpointLayout.Layer(config))
        {
            if (!modules.TryGetValue(name, out ModuleDefinition? module))
            {
                part.WriteFloat(MambaTensors.InLayer(layer.Layer, name), layer.Float[name]);
                continue;
            }

            string full = QuantizedTensorNames.Module(layer.Layer, module);
            part.WriteWeight(full, layer.Weights.GetValueOrDefault(module.Name), layer.Float.Find(name), layout[module.Name].Weights);
            part.WriteInput(full, module.Input is ActivationSite site ? layer.Inputs.GetValueOrDefault(site) : null);
        }

        part.WriteVector(MambaTensors.InLayer(layer.Layer, QuantizedTensorNames.GateSmoothing), layer.GateSmoothing);
        part.WriteVector(MambaTensors.InLayer(layer.Layer, QuantizedTensorNames.ScanStateScale), layer.ScanStateScales);
        part.WriteVector(
            MambaTensors.InLayer(layer.Layer, QuantizedTensorNames.ScanOutputScale),
            layer.Inputs.GetValueOrDefault(ActivationSite.ScanOutput) is { Args.Dynamic: false } output ? [output.Scale] : null);
        part._file.Complete();
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private void WriteVector(string name, ImmutableArray<float>? values)
    {
        if (values is ImmutableArray<float> present)
        {
            _file.Write(name, present.AsSpan());
        }
    }

    private void WriteInput(string module, SiteQuantization? input)
    {
        if (input is null or { Args.Dynamic: true })
        {
            return;
        }

        _file.Write(QuantizedTensorNames.InputScale(module), [input.Scale]);
        if (!input.Args.Symmetric)
        {
            _file.Write(QuantizedTensorNames.InputZeroPoint(module), [checked((sbyte)input.ZeroPoint)]);
        }
    }

    private void WriteWeight(string module, WeightCodes? codes, Tensor? floats, QuantizationArgs? args)
    {
        if (args is null)
        {
            WriteFloat(
                QuantizedTensorNames.Weight(module),
                floats ?? throw new ArgumentException($"module '{module}' is neither quantized nor there in fp32"));
            return;
        }

        WeightCodes present = codes ?? throw new ArgumentException($"module '{module}' has no codes");
        EnsureFits(module, present, args);
        if (WeightStorage.PacksCodes(args))
        {
            WritePacked(module, present, args.Bits);
        }
        else
        {
            WriteRows<sbyte>(present.Codes, piece => _file.Write(QuantizedTensorNames.Weight(module), piece));
        }

        WriteRows<float>(present.Scales, piece => _file.Write(QuantizedTensorNames.Scale(module), piece));
        if (!args.Symmetric)
        {
            WriteZeroPoints(module, present, args);
        }
    }

    /// <summary>Codes and what config.json will say of them must be the same thing.</summary>
    private void EnsureFits(string module, WeightCodes codes, QuantizationArgs args)
    {
        string name = WeightStorage.PacksCodes(args) ? QuantizedTensorNames.Packed(module) : QuantizedTensorNames.Weight(module);
        Shape scales = _plan[QuantizedTensorNames.Scale(module)].Shape;
        bool fits = codes.Grid == args.Grid
            && codes.ZeroPoints is null == args.Symmetric
            && codes.Codes.Shape.Rows == _plan[name].Shape.Rows
            && codes.GroupSize >= WeightStorage.ColumnsPerScale(args, codes.Codes.Shape.Columns)
            && codes.Scales.Shape.ElementCount == scales.ElementCount;
        if (!fits)
        {
            throw new ArgumentException(
                $"module '{module}': codes {codes.Codes} ({codes.Grid}, groups of {codes.GroupSize}, scales {codes.Scales}) do not fit {args} with scales {scales}");
        }
    }

    private void WritePacked(string module, WeightCodes codes, int bits)
    {
        int columns = codes.Codes.Shape.Columns;
        int rowWords = WeightStorage.PackedWords(columns, bits);
        _file.Write(QuantizedTensorNames.PackedShape(module), [(long)codes.Codes.Shape.Rows, columns]);
        WriteRows<sbyte>(codes.Codes, piece =>
        {
            var words = new int[piece.Length / columns * rowWords];
            CodePacking.Pack(piece, columns, bits, words);
            _file.Write(QuantizedTensorNames.Packed(module), words);
        });
    }

    private void WriteZeroPoints(string module, WeightCodes codes, QuantizationArgs args)
    {
        Tensor tensor = codes.ZeroPoints!;
        var values = new int[tensor.Shape.ElementCount];
        _memory.Download(tensor, values.AsSpan());
        string name = QuantizedTensorNames.ZeroPoint(module);
        if (!WeightStorage.PacksZeroPoints(args))
        {
            _file.Write(name, [.. values.Select(value => checked((sbyte)value))]);
            return;
        }

        // The strings of bits run down the columns, so the matrix is turned, packed by rows and turned back.
        (int rows, int groups) = (tensor.Shape.Rows, tensor.Shape.Columns);
        var turned = new sbyte[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            turned[((i % groups) * rows) + (i / groups)] = checked((sbyte)values[i]);
        }

        int words = WeightStorage.PackedWords(rows, args.Bits);
        var packed = new int[groups * words];
        CodePacking.Pack(turned, rows, args.Bits, packed);
        var stored = new int[packed.Length];
        for (int i = 0; i < packed.Length; i++)
        {
            stored[((i % words) * groups) + (i / words)] = packed[i];
        }

        _file.Write(name, stored);
    }

    private void WriteFloat(string name, Tensor tensor)
    {
        if (tensor.Shape.ElementCount != _plan[name].Shape.ElementCount)
        {
            throw new ArgumentException($"tensor '{name}': expected {_plan[name].Shape}, found {tensor}");
        }

        WriteRows<float>(tensor, piece => _file.Write(name, piece));
    }

    private void WriteRows<T>(Tensor tensor, Piece<T> write)
        where T : unmanaged
    {
        Shape matrix = tensor.Shape.Rank < 2 ? new Shape(1, (int)tensor.Shape.ElementCount) : QuantizedTensorPlan.MatrixShape(tensor.Shape);
        using Tensor view = _memory.Reshape(tensor, matrix);
        int step = Math.Max(1, PieceElements / Math.Max(1, matrix.Columns));
        T[] host = new T[checked(Math.Min(step, matrix.Rows) * matrix.Columns)];
        for (int row = 0; row < matrix.Rows; row += step)
        {
            int count = Math.Min(step, matrix.Rows - row);
            using Tensor rows = _memory.Rows(view, row, count);
            Span<T> piece = host.AsSpan(0, count * matrix.Columns);
            _memory.Download(rows, piece);
            write(piece);
        }
    }

    private delegate void Piece<T>(ReadOnlySpan<T> values);
}
