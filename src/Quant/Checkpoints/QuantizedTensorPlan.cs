using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Checkpoints;

/// <summary>Which tensors a quantized checkpoint holds: names, element types and shapes, from dimensions and layout alone.</summary>
public static class QuantizedTensorPlan
{
    /// <summary>All tensors, in the order of the data flow.</summary>
    /// <param name="config">The model's dimensions.</param>
    /// <param name="layout">How the model is quantized.</param>
    public static IEnumerable<SafetensorsDeclaration> All(MambaConfig config, QuantizedModelLayout layout)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(layout);
        return Embeddings(config, layout.Ends)
            .Concat(layout.Layers.SelectMany((layer, index) => Layer(config, layer, index)))
            .Concat(Head(config, layout.Ends));
    }

    /// <summary>The tensors of the embedding table.</summary>
    /// <param name="config">The model's dimensions.</param>
    /// <param name="ends">How the ends are quantized.</param>
    public static IEnumerable<SafetensorsDeclaration> Embeddings(MambaConfig config, QuantizedEndsLayout ends)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(ends);
        return WeightTensors(QuantizedTensorNames.Module(MambaTensors.Embeddings), MambaCheckpointLayout.TableShape(config), ends.Embeddings);
    }

    /// <summary>The tensors of final norm and head.</summary>
    /// <param name="config">The model's dimensions.</param>
    /// <param name="ends">How the ends are quantized.</param>
    public static IEnumerable<SafetensorsDeclaration> Head(MambaConfig config, QuantizedEndsLayout ends)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(ends);
        yield return new SafetensorsDeclaration(MambaTensors.FinalNorm, DType.F32, new Shape(config.DModel));
        string module = QuantizedTensorNames.Module(MambaTensors.Head);
        if (!ends.HeadIsTied)
        {
            foreach (SafetensorsDeclaration tensor in WeightTensors(module, MambaCheckpointLayout.TableShape(config), ends.Head.Weights))
            {
                yield return tensor;
            }
        }

        foreach (SafetensorsDeclaration tensor in InputTensors(module, ends.Head.Input))
        {
            yield return tensor;
        }
    }

    /// <summary>The tensors of one layer.</summary>
    /// <param name="config">The model's dimensions.</param>
    /// <param name="layout">How the layer is quantized.</param>
    /// <param name="layer">Index of the layer.</param>
    public static IEnumerable<SafetensorsDeclaration> Layer(MambaConfig config, QuantizedLayerLayout layout, int layer)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(layout);
        ModelFamily family = MambaFamily.For(config);
        foreach ((string name, Shape shape) in MambaCheckpointLayout.Layer(config))
        {
            ModuleDefinition? module = family.LayerModules.FirstOrDefault(module => module.Weight == name);
            if (module is null)
            {
                yield return new SafetensorsDeclaration(MambaTensors.InLayer(layer, name), DType.F32, shape);
                continue;
            }

            string full = QuantizedTensorNames.Module(layer, module);
            ModuleScheme scheme = layout[module.Name];
            foreach (SafetensorsDeclaration tensor in WeightTensors(full, shape, scheme.Weights).Concat(InputTensors(full, scheme.Input)))
            {
                yield return tensor;
            }
        }

        foreach ((string name, int length, bool present) in new[]
        {
            (QuantizedTensorNames.GateSmoothing, config.DInner, layout.SmoothsGate),
            (QuantizedTensorNames.ScanStateScale, config.DInner, layout.ScanState is { Dynamic: false }),
            (QuantizedTensorNames.ScanOutputScale, 1, layout.ScanOutput is { Dynamic: false }),
        })
        {
            if (present)
            {
                yield return new SafetensorsDeclaration(MambaTensors.InLayer(layer, name), DType.F32, new Shape(length));
            }
        }
    }

    /// <summary>Rows and columns of a weight as a matrix of codes: [E, 1, K] counts as [E, K].</summary>
    /// <param name="shape">The shape as stored.</param>
    public static Shape MatrixShape(Shape shape) => new(shape.Rows, shape.Columns);

    private static IEnumerable<SafetensorsDeclaration> WeightTensors(string module, Shape shape, QuantizationArgs? args)
    {
        if (args is null)
        {
            yield return new SafetensorsDeclaration(QuantizedTensorNames.Weight(module), DType.F32, shape);
            yield break;
        }

        Shape matrix = MatrixShape(shape);
        if (WeightStorage.PacksCodes(args))
        {
            var packed = new Shape(matrix.Rows, WeightStorage.PackedWords(matrix.Columns, args.Bits));
            yield return new SafetensorsDeclaration(QuantizedTensorNames.Packed(module), DType.I32, packed);
            yield return new SafetensorsDeclaration(QuantizedTensorNames.PackedShape(module), DType.I64, new Shape(2));
        }
        else
        {
            yield return new SafetensorsDeclaration(QuantizedTensorNames.Weight(module), DType.I8, shape);
        }

        Shape scales = WeightStorage.ScaleShape(args, matrix);
        yield return new SafetensorsDeclaration(QuantizedTensorNames.Scale(module), DType.F32, scales);
        if (!args.Symmetric)
        {
            yield return WeightStorage.PacksZeroPoints(args)
                ? new SafetensorsDeclaration(
                    QuantizedTensorNames.ZeroPoint(module), DType.I32, new Shape(WeightStorage.PackedWords(scales.Rows, args.Bits), scales.Columns))
                : new SafetensorsDeclaration(QuantizedTensorNames.ZeroPoint(module), DType.I8, scales);
        }
    }

    private static IEnumerable<SafetensorsDeclaration> InputTensors(string module, QuantizationArgs? args)
    {
        if (args is null or { Dynamic: true })
        {
            yield break;
        }

        yield return new SafetensorsDeclaration(QuantizedTensorNames.InputScale(module), DType.F32, new Shape(1));
        if (!args.Symmetric)
        {
            yield return new SafetensorsDeclaration(QuantizedTensorNames.InputZeroPoint(module), DType.I8, new Shape(1));
        }
    }
}
