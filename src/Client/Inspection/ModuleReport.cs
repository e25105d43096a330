namespace MambaQuant.Client.Inspection;

/// <summary>What <c>inspect</c> tells about one module, or about what else a layer holds.</summary>
/// <param name="Layer">Index of the layer; null outside the layers.</param>
/// <param name="Module">Name of the module within the layer, or "rest": norms, biases, A_log, D, factors and scales of the scan.</param>
/// <param name="Shape">Shape of its weight; null for the rest.</param>
/// <param name="Weights">How its weights are kept: "F16", "int8 channel"; the element types of the rest.</param>
/// <param name="Input">How its input is quantized; null where nothing is.</param>
/// <param name="SizeBytes">Bytes of all its tensors.</param>
/// <param name="WeightScales">Scales of its weights; null for float ones.</param>
/// <param name="InputScale">The fixed scale of its input; null for none.</param>
internal sealed record ModuleReport(
    int? Layer, string Module, int[]? Shape, string Weights, string? Input, long SizeBytes, ScaleRange? WeightScales, ScaleRange? InputScale);
