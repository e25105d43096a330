using System.Collections.Immutable;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Checkpoints;

/// <summary>Reads parts of a checkpoint, a layer or the ends, from its tensors, whose names and shapes are already checked.</summary>
/// <param name="memory">Memory of the backend that will own what is read.</param>
/// <param name="tensors">The checkpoint's tensors.</param>
internal sealed class QuantizedPartReader(ITensorMemory memory, CheckpointTensors tensors)
{
    /// <summary>Reads a layer.</summary>
    /// <param name="config">The model's dimensions.</param>
    /// <param name="layout">How the layer is quantized.</param>
    /// <param name="layer">Index of the layer.</param>
    public QuantizedLayer Layer(MambaConfig config, QuantizedLayerLayout layout, int layer)
    {
        using var disposal = new DisposalScope();
        LayerWeights floats = disposal.Add(new LayerWeights(layer));
        var codes = new Dictionary<string, WeightCodes>(StringComparer.Ordinal);
        var inputs = new Dictionary<ActivationSite, SiteQuantization>();
        var modules = MambaFamily.For(config).LayerModules.ToDictionary(module => module.Weight, StringComparer.Ordinal);
        foreach ((string name, Shape stored) in MambaCheckpointLayout.Layer(config))
        {
            string fullName = MambaTensors.InLayer(layer, name);
            if (!modules.TryGetValue(name, out ModuleDefinition? module))
            {
                floats[name] = Float(fullName, stored);
                continue;
            }

            string full = QuantizedTensorNames.Module(fullName);
            ModuleScheme scheme = layout[module.Name];
            Shape matrix = QuantizedTensorPlan.MatrixShape(stored);
            if (scheme.Weights is null)
            {
                floats[name] = Float(fullName, matrix);
            }
            else
            {
                codes.Add(module.Name, disposal.Add(Codes(full, matrix, scheme.Weights)));
            }

            AddInput(inputs, module.Input, Input(QuantizedTensorNames.InputScale(full), QuantizedTensorNames.InputZeroPoint(full), scheme.Input));
        }

        string Own(string name) => MambaTensors.InLayer(layer, name);
        AddInput(inputs, ActivationSite.ScanOutput, Input(Own(QuantizedTensorNames.ScanOutputScale), string.Empty, layout.ScanOutput));
        ImmutableArray<float>? stateScales = layout.ScanState is { Dynamic: false } ? [.. Scales(Own(QuantizedTensorNames.ScanStateScale))] : null;
        ImmutableArray<float>? gate = layout.SmoothsGate ? [.. Scales(Own(QuantizedTensorNames.GateSmoothing))] : null;
        disposal.Keep();
        return new QuantizedLayer
        {
            Layer = layer,
            Float = floats,
            Weights = codes,
            WeightArgs = layout.Modules.Where(module => module.Value.Weights is not null)
                .ToImmutableSortedDictionary(module => module.Key, module => module.Value.Weights!, StringComparer.Ordinal),
            Inputs = inputs,
            ScanState = layout.ScanState,
            ScanStateScales = stateScales,
            OnlineRotations = layout.OnlineRotations,
            GateSmoothing = gate,
        };
    }

    /// <summary>Reads embeddings, final norm and head.</summary>
    /// <param name="config">The model's dimensions.</param>
    /// <param name="layout">How they are quantized.</param>
    public QuantizedEnds Ends(MambaConfig config, QuantizedEndsLayout layout)
    {
        using var disposal = new DisposalScope();
        Shape table = MambaCheckpointLayout.TableShape(config);
        (WeightCodes? embeddingCodes, Tensor? embeddings) = Table(disposal, MambaTensors.Embeddings, table, layout.Embeddings);
        (WeightCodes? headCodes, Tensor? head) = layout.HeadIsTied
            ? (null, null)
            : Table(disposal, MambaTensors.Head, table, layout.Head.Weights);
        Tensor norm = disposal.Add(Float(MambaTensors.FinalNorm, new Shape(config.DModel)));
        string module = QuantizedTensorNames.Module(MambaTensors.Head);
        SiteQuantization? input = Input(QuantizedTensorNames.InputScale(module), QuantizedTensorNames.InputZeroPoint(module), layout.Head.Input);
        disposal.Keep();
        return new QuantizedEnds
        {
            EmbeddingCodes = embeddingCodes,
            EmbeddingTable = embeddings,
            EmbeddingArgs = layout.Embeddings,
            FinalNorm = norm,
            HeadIsTied = layout.HeadIsTied,
            HeadCodes = headCodes,
            HeadTable = head,
            HeadArgs = layout.Head.Weights,
            HeadInput = input,
        };
    }

    /// <summary>Reads the codes of a module.</summary>
    /// <param name="module">Full module name.</param>
    /// <param name="matrix">[O, I].</param>
    /// <param name="args">How they are quantized.</param>
    private WeightCodes Codes(string module, Shape matrix, QuantizationArgs args)
    {
        using var disposal = new DisposalScope();
        string name = QuantizedTensorNames.Weight(module);
        Tensor codes = disposal.Add(WeightStorage.PacksCodes(args)
            ? Unpacked(module, matrix, args.Grid)
            : memory.Upload<sbyte>(Bytes(name, args.Grid), matrix));
        Shape scaleShape = WeightStorage.ScaleShape(args, matrix);
        Shape held = args.Strategy == QuantizationStrategy.Tensor ? new Shape(1, 1) : scaleShape;
        Tensor scales = disposal.Add(memory.Upload<float>(Scales(QuantizedTensorNames.Scale(module)), held));
        Tensor? zeroPoints = args.Symmetric ? null : disposal.Add(ZeroPoints(module, held, args));
        disposal.Keep();
        return new WeightCodes(codes, scales, zeroPoints, args.Grid, WeightStorage.ColumnsPerScale(args, matrix.Columns));
    }

    /// <summary>Reads an fp32 tensor.</summary>
    /// <param name="name">Its full name.</param>
    /// <param name="shape">Its shape in memory.</param>
    private Tensor Float(string name, Shape shape)
    {
        float[] values = tensors.Get(name).ReadFloat32();
        EnsureFinite(name, values);
        return memory.Upload<float>(values, shape);
    }

    /// <summary>Reads the quantizer of a module's input, or of C where the name is its scale's.</summary>
    /// <param name="scaleName">Name of the fixed scale.</param>
    /// <param name="zeroPointName">Name of the fixed zero point.</param>
    /// <param name="args">How the input is quantized; null for a float input.</param>
    private SiteQuantization? Input(string scaleName, string zeroPointName, QuantizationArgs? args)
    {
        if (args is null or { Dynamic: true })
        {
            return args is null ? null : new SiteQuantization(args, Scale: 1, ZeroPoint: 0);
        }

        float scale = Scales(scaleName)[0];
        int zeroPoint = args.Symmetric ? 0 : Bytes(zeroPointName, args.Grid)[0];
        return new SiteQuantization(args, scale, zeroPoint);
    }

    /// <summary>Reads positive, finite factors.</summary>
    /// <param name="name">Full tensor name.</param>
    private float[] Scales(string name)
    {
        float[] values = tensors.Get(name).ReadFloat32();
        int bad = Array.FindIndex(values, value => !(value > 0 && float.IsFinite(value)));
        return bad < 0 ? values : throw Damaged(name, $"expected positive, finite factors, found {values[bad]} at flat index {bad}");
    }

    private (WeightCodes? Codes, Tensor? Floats) Table(DisposalScope disposal, string name, Shape shape, QuantizationArgs? args) =>
        args is null
            ? (null, disposal.Add(Float(name, shape)))
            : (disposal.Add(Codes(QuantizedTensorNames.Module(name), shape, args)), null);

    private Tensor Unpacked(string module, Shape matrix, CodeGrid grid)
    {
        var stated = new long[2];
        string shapeName = QuantizedTensorNames.PackedShape(module);
        CheckpointTensor shape = tensors.Get(shapeName);
        shape.File.ReadInt64(shape.Entry, stated);
        if (stated[0] != matrix.Rows || stated[1] != matrix.Columns)
        {
            throw Damaged(shapeName, $"expected {matrix}, found [{stated[0]}, {stated[1]}]");
        }

        string name = QuantizedTensorNames.Packed(module);
        CheckpointTensor packed = tensors.Get(name);
        var words = new int[packed.Entry.Shape.ElementCount];
        packed.File.ReadInt32(packed.Entry, words);
        var codes = new sbyte[matrix.ElementCount];
        if (!CodePacking.TryUnpack(words, matrix.Columns, grid.Bits, codes))
        {
            throw Damaged(name, "expected zeros behind the last code of every row, found other bits");
        }

        EnsureOnGrid(name, codes, grid);
        return memory.Upload<sbyte>(codes, matrix);
    }

    private Tensor ZeroPoints(string module, Shape shape, QuantizationArgs args)
    {
        string name = QuantizedTensorNames.ZeroPoint(module);
        var values = new int[shape.ElementCount];
        if (!WeightStorage.PacksZeroPoints(args))
        {
            sbyte[] bytes = Bytes(name, args.Grid);
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = bytes[i];
            }

            return memory.Upload<int>(values, shape);
        }

        CheckpointTensor packed = tensors.Get(name);
        var stored = new int[packed.Entry.Shape.ElementCount];
        packed.File.ReadInt32(packed.Entry, stored);
        (int rows, int groups) = (shape.Rows, shape.Columns);
        int words = WeightStorage.PackedWords(rows, args.Bits);
        var turned = new int[stored.Length];
        for (int i = 0; i < stored.Length; i++)
        {
            turned[((i % groups) * words) + (i / groups)] = stored[i];
        }

        var columns = new sbyte[values.Length];
        if (!CodePacking.TryUnpack(turned, rows, args.Bits, columns))
        {
            throw Damaged(name, "expected zeros behind the last zero point of every column, found other bits");
        }

        for (int i = 0; i < values.Length; i++)
        {
            values[i] = columns[((i % groups) * rows) + (i / groups)];
        }

        return memory.Upload<int>(values, shape);
    }

    /// <summary>I8 values that must lie on the grid.</summary>
    private sbyte[] Bytes(string name, CodeGrid grid)
    {
        CheckpointTensor source = tensors.Get(name);
        var values = new sbyte[source.Entry.Shape.ElementCount];
        source.File.ReadInt8(source.Entry, values);
        EnsureOnGrid(name, values, grid);
        return values;
    }

    private void EnsureOnGrid(string name, ReadOnlySpan<sbyte> codes, CodeGrid grid)
    {
        int bad = codes.IndexOfAnyExceptInRange((sbyte)grid.Minimum, (sbyte)grid.Maximum);
        if (bad >= 0)
        {
            throw Damaged(name, $"expected codes from {grid.Minimum} to {grid.Maximum}, found {codes[bad]} at flat index {bad}");
        }
    }

    private void EnsureFinite(string name, float[] values)
    {
        int bad = Array.FindIndex(values, value => !float.IsFinite(value));
        if (bad >= 0)
        {
            throw new NonFiniteWeightException(tensors.Get(name).File.Path, name, bad, values[bad]);
        }
    }

    private InvalidCheckpointException Damaged(string name, string what) =>
        new($"'{tensors.Directory}', tensor '{name}': {what}. Quantize the model again, or fetch the checkpoint again.");

    private static void AddInput(Dictionary<ActivationSite, SiteQuantization> inputs, ActivationSite? site, SiteQuantization? quantizer)
    {
        if (site is ActivationSite present && quantizer is not null)
        {
            inputs.Add(present, quantizer);
        }
    }
}
