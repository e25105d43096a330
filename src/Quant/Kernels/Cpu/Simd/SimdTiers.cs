using System.Runtime.Intrinsics;

namespace MambaQuant.Quant.Kernels.Cpu.Simd;

/// <summary>Which <see cref="SimdTier"/> this process runs.</summary>
public static class SimdTiers
{
    /// <summary>The widest tier that the processor, and the environment variables below, allow; fixed for the life of the process.</summary>
    /// <remarks>
    /// Lowered by DOTNET_EnableAVX512=0 (to <see cref="SimdTier.Avx2"/>), DOTNET_EnableAVX2=0 (to <see cref="SimdTier.Vector128"/>)
    /// and DOTNET_EnableHWIntrinsic=0 (to <see cref="SimdTier.Scalar"/>). Each question is a constant to the JIT.
    /// </remarks>
    public static SimdTier Current =>
        Vector512.IsHardwareAccelerated ? SimdTier.Avx512
        : Vector256.IsHardwareAccelerated ? SimdTier.Avx2
        : Vector128.IsHardwareAccelerated ? SimdTier.Vector128
        : SimdTier.Scalar;

    /// <summary>The tier's name in a numerics profile: "avx512", "avx2", "vector128" or "scalar".</summary>
    public static string Name => Current switch
    {
        SimdTier.Avx512 => "avx512",
        SimdTier.Avx2 => "avx2",
        SimdTier.Vector128 => "vector128",
        _ => "scalar",
    };

    /// <summary>The number of fp32 lanes of the tier's vectors.</summary>
    internal static int SingleCount => Current switch
    {
        SimdTier.Avx512 => 16,
        SimdTier.Avx2 => 8,
        SimdTier.Vector128 => 4,
        _ => 1,
    };
}
