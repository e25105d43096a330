using System.Collections.Immutable;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;

namespace MambaQuant.Quant.Quantization;

/// <summary>One layer as it is written to a checkpoint and run from it.</summary>
public sealed class QuantizedLayer : IDisposable
{
    /// <summary>Index of the layer.</summary>
    public required int Layer { get; init; }

    /// <summary>Everything that stays fp32: norm weight, biases, A_log, D, and weights of modules that are not quantized.</summary>
    public required LayerWeights Float { get; init; }

    /// <summary>Codes of quantized weights by module name; the convolution's are [E, K].</summary>
    public required IReadOnlyDictionary<string, WeightCodes> Weights { get; init; }

    /// <summary>How each of those weights was quantized, by module name.</summary>
    public required ImmutableSortedDictionary<string, QuantizationArgs> WeightArgs { get; init; }

    /// <summary>Quantizers of activation sites; C of the scan is <see cref="ActivationSite.ScanOutput"/>.</summary>
    public required IReadOnlyDictionary<ActivationSite, SiteQuantization> Inputs { get; init; }

    /// <summary>How h is quantized at read-out, or null.</summary>
    public QuantizationArgs? ScanState { get; init; }

    /// <summary>Fixed scales of h per channel, [E]; null when h is float or dynamic.</summary>
    public ImmutableArray<float>? ScanStateScales { get; init; }

    /// <summary>Online Hadamard rotations and their orders (<see cref="RotationSite.XProjInput"/>, <see cref="RotationSite.OutProjInput"/>, <see cref="RotationSite.ScanState"/>).</summary>
    public required ImmutableSortedDictionary<RotationSite, int> OnlineRotations { get; init; }

    /// <summary>s of S-SiLU, [E]; null for plain SiLU.</summary>
    public ImmutableArray<float>? GateSmoothing { get; init; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Float.Dispose();
        foreach (WeightCodes codes in Weights.Values)
        {
            codes.Dispose();
        }
    }
}
