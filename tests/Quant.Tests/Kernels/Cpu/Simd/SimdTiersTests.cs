using MambaQuant.Quant.Kernels.Cpu.Simd;
using Xunit;

namespace MambaQuant.Quant.Tests.Kernels.Cpu.Simd;

[Trait("Category", "Kernels")]
public sealed class SimdTiersTests
{
    /// <summary>A run that means to test a tier names it in MAMBAQUANT_EXPECT_TIER: a switch that silently does nothing fails here.</summary>
    [Fact]
    public void Current_IsTheTierThatTheRunExpects()
    {
        string? expected = Environment.GetEnvironmentVariable("MAMBAQUANT_EXPECT_TIER");
        if (!string.IsNullOrEmpty(expected))
        {
            Assert.Equal(expected, SimdTiers.Name, ignoreCase: true);
        }
    }
}
