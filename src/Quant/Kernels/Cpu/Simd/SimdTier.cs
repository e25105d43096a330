namespace MambaQuant.Quant.Kernels.Cpu.Simd;

/// <summary>The vector width that kernels run with; results may differ in their last bits between tiers.</summary>
public enum SimdTier
{
    /// <summary>No vector instructions.</summary>
    Scalar,

    /// <summary>128-bit vectors: SSE on x64 (no fused multiply-add), NEON on Arm64.</summary>
    Vector128,

    /// <summary>256-bit vectors with fused multiply-add.</summary>
    Avx2,

    /// <summary>512-bit vectors with fused multiply-add.</summary>
    Avx512,
}
