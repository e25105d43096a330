using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Client.Inspection;

/// <summary>Tensors of a checkpoint that are told about in one row.</summary>
/// <param name="tensors">The checkpoint's tensors.</param>
/// <param name="names">Names of those in the group.</param>
internal sealed class TensorGroup(CheckpointTensors tensors, IReadOnlyList<string> names)
{
    /// <summary>Names of the tensors.</summary>
    public IReadOnlyList<string> Names => names;

    private IEnumerable<SafetensorsEntry> Entries => names.Select(name => tensors.Get(name).Entry);

    private long SizeBytes => Entries.Sum(entry => entry.SizeBytes);

    /// <summary>The tensors of a module: all whose names continue its name.</summary>
    /// <param name="tensors">The checkpoint's tensors.</param>
    /// <param name="module">Full name of the module.</param>
    public static TensorGroup OfModule(CheckpointTensors tensors, string module) =>
        new(tensors, [.. tensors.Names.Where(name => name.StartsWith(module + ".", StringComparison.Ordinal))]);

    /// <summary>The row of a module.</summary>
    /// <param name="layer">Index of the layer, or null.</param>
    /// <param name="name">Its short name.</param>
    /// <param name="module">Its full name.</param>
    /// <param name="weights">How its weights are quantized, or null.</param>
    /// <param name="input">How its input is quantized, or null.</param>
    /// <param name="isQuantized">Whether the model is quantized at all, so that a float input is worth a word.</param>
    public ModuleReport Module(int? layer, string name, string module, QuantizationArgs? weights, QuantizationArgs? input, bool isQuantized)
    {
        string held = weights is null ? DTypeOf(QuantizedTensorNames.Weight(module)) : QuantizationText.Of(weights, isWeight: true);
        return new ModuleReport(
            layer,
            name,
            WeightShape(module),
            held,
            isQuantized ? QuantizationText.Of(input, isWeight: false) : null,
            SizeBytes,
            Scales(QuantizedTensorNames.Scale(module)),
            Scales(QuantizedTensorNames.InputScale(module)));
    }

    /// <summary>The row of everything else.</summary>
    /// <param name="layer">Index of the layer, or null.</param>
    /// <param name="name">What to call it.</param>
    public ModuleReport Rest(int? layer, string name) => new(
        layer, name, Shape: null, string.Join(", ", Entries.Select(entry => entry.DType.ToString()).Distinct().Order(StringComparer.Ordinal)), Input: null, SizeBytes, WeightScales: null, InputScale: null);

    private string DTypeOf(string name) => tensors.Get(name).Entry.DType.ToString();

    private int[] WeightShape(string module)
    {
        if (tensors.TryGet(QuantizedTensorNames.Weight(module), out CheckpointTensor weight))
        {
            return Extents(weight.Entry.Shape);
        }

        CheckpointTensor packed = tensors.Get(QuantizedTensorNames.PackedShape(module));
        long[] extents = new long[packed.Entry.Shape.ElementCount];
        packed.File.ReadInt64(packed.Entry, extents);
        return [.. extents.Select(extent => checked((int)extent))];
    }

    private ScaleRange? Scales(string name)
    {
        if (!tensors.TryGet(name, out CheckpointTensor scales) || scales.Entry.Shape.ElementCount == 0)
        {
            return null;
        }

        float[] values = scales.ReadFloat32();
        return new ScaleRange(values.Length, values.Min(), values.Max());
    }

    private static int[] Extents(Shape shape) => [.. Enumerable.Range(0, shape.Rank).Select(axis => shape[axis])];
}
