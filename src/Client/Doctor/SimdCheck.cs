using System.Runtime.InteropServices;
using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Client.Doctor;

/// <summary>The vector instructions that the kernels run with.</summary>
internal sealed class SimdCheck : IMachineCheck
{
    private const string Name = "vector instructions";

    /// <inheritdoc/>
    public CheckResult Run(MachineFacts facts) => (facts.SimdTier, facts.Architecture) switch
    {
        (SimdTier.Scalar, _) => new CheckResult(Name, CheckStatus.Warn, "none", "unset DOTNET_EnableHWIntrinsic; without vectors everything takes many times as long"),
        (SimdTier.Vector128, Architecture.X64) => new CheckResult(Name, CheckStatus.Warn, "128 bits, no AVX2", "unset DOTNET_EnableAVX2, or use a processor with AVX2"),
        _ => new CheckResult(Name, CheckStatus.Pass, facts.SimdTier switch
        {
            SimdTier.Avx512 => "AVX-512",
            SimdTier.Avx2 => "AVX2",
            _ => "128 bits",
        }),
    };
}
