using MambaQuant.Quant.Models;

namespace MambaQuant.Quant.Checkpoints;

/// <summary>Names of the tensors of a quantized checkpoint, after compressed-tensors, with our own for what it has no word for.</summary>
public static class QuantizedTensorNames
{
    /// <summary>s of S-SiLU within a layer, [E] F32.</summary>
    public const string GateSmoothing = "mixer.gate_smoothing";

    /// <summary>Fixed scales of h at read-out within a layer, [E] F32.</summary>
    public const string ScanStateScale = "mixer.scan_state_scale";

    /// <summary>Fixed scale of C within a layer, [1] F32.</summary>
    public const string ScanOutputScale = "mixer.scan_output_scale";

    private const string WeightSuffix = ".weight";

    /// <summary>The module that a weight belongs to: its name without ".weight".</summary>
    /// <param name="weight">Such as "backbone.layers.3.mixer.in_proj.weight".</param>
    /// <exception cref="ArgumentException">The name does not end so.</exception>
    public static string Module(string weight)
    {
        ArgumentNullException.ThrowIfNull(weight);
        return weight.EndsWith(WeightSuffix, StringComparison.Ordinal)
            ? weight[..^WeightSuffix.Length]
            : throw new ArgumentException($"'{weight}' is not the name of a weight", nameof(weight));
    }

    /// <summary>The module of a layer.</summary>
    /// <param name="layer">Index of the layer.</param>
    /// <param name="definition">The module.</param>
    public static string Module(int layer, ModuleDefinition definition)
    {
        ArgumentNullException.ThrowIfNull(definition);
        return MambaTensors.InLayer(layer, Module(definition.Weight));
    }

    /// <summary>8-bit codes, I8, shaped as the float weight.</summary>
    /// <param name="module">Full module name.</param>
    public static string Weight(string module) => module + WeightSuffix;

    /// <summary>Codes of 2 to 7 bits, packed, I32.</summary>
    /// <param name="module">Full module name.</param>
    public static string Packed(string module) => module + ".weight_packed";

    /// <summary>Rows and columns of packed codes, [2] I64.</summary>
    /// <param name="module">Full module name.</param>
    public static string PackedShape(string module) => module + ".weight_shape";

    /// <summary>Scales of codes, F32.</summary>
    /// <param name="module">Full module name.</param>
    public static string Scale(string module) => module + ".weight_scale";

    /// <summary>Zero points of codes, I8 or packed I32; asymmetric weights only.</summary>
    /// <param name="module">Full module name.</param>
    public static string ZeroPoint(string module) => module + ".weight_zero_point";

    /// <summary>Fixed scale of a module's input, [1] F32.</summary>
    /// <param name="module">Full module name.</param>
    public static string InputScale(string module) => module + ".input_scale";

    /// <summary>Fixed zero point of a module's input, [1] I8; asymmetric inputs only.</summary>
    /// <param name="module">Full module name.</param>
    public static string InputZeroPoint(string module) => module + ".input_zero_point";
}
