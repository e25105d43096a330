using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Kernels;

/// <summary>How the scan's output product Σ_n h C is computed: rotated over the states, quantized, or both.</summary>
/// <remarks>
/// The recurrence itself stays fp32 and unrotated (A differs per state); only the copy of h that meets C is rotated and
/// quantized. With quantization y[t,e] = s_e·s_C · Σ_n q_h q_C + D x, where the sum is an exact int32 and the scaling is
/// done in fp64 and rounded once to fp32.
/// </remarks>
public sealed record ScanReadout
{
    /// <summary>The rotation of h over its N states, or null; C arrives already rotated (its rows are folded).</summary>
    public HadamardTransform? Rotation { get; init; }

    /// <summary>Grid of the codes of h, or null where h is not quantized; symmetric.</summary>
    public CodeGrid? StateGrid { get; init; }

    /// <summary>Static scales of h per channel, [E] F32; null with a <see cref="StateGrid"/> means dynamic: one scale per token and channel, its largest |h| over the states.</summary>
    public Tensor? StateScales { get; init; }

    /// <summary>C as codes [B, L, N], symmetric, with a scale per tensor or token; null where C is not quantized.</summary>
    public ActivationCodes? Output { get; init; }

    /// <summary>Integer product, or the same numbers by dequantized fp64 arithmetic.</summary>
    public QuantizedArithmetic Arithmetic { get; init; }
}
