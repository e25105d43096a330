using System.Runtime.InteropServices;
using MambaQuant.Client.Doctor;
using MambaQuant.Quant.Kernels.Cpu.Simd;
using Xunit;

namespace MambaQuant.Client.Tests.Doctor;

public sealed class MachineCheckTests
{
    private static readonly MachineFacts Good = new()
    {
        Runtime = new Version(10, 0, 1),
        Architecture = Architecture.X64,
        SimdTier = SimdTier.Avx512,
        Processors = 2,
        MemoryBytes = 8L << 30,
        Lapack = null,
        Folder = "/data",
        FreeBytes = 100_000_000_000,
        WriteError = null,
    };

    [Fact]
    public void GoodMachine_PassesEverything_AndHasNothingToFix()
    {
        IMachineCheck[] checks = [new RuntimeCheck(), new SimdCheck(), new ProcessorCheck(), new MemoryCheck(), new LinearAlgebraCheck(), new DiskSpaceCheck(), new WriteAccessCheck()];

        CheckResult[] results = [.. checks.Select(check => check.Run(Good))];

        Assert.All(results, result => Assert.Equal((CheckStatus.Pass, null), (result.Status, result.Fix)));
        Assert.Equal(results.Length, results.DistinctBy(result => result.Name).Count());
    }

    [Fact]
    public void OldRuntime_Fails() => AssertNotGood(new RuntimeCheck(), Good with { Runtime = new Version(9, 0, 0) }, CheckStatus.Fail);

    [Fact]
    public void NoVectors_IsAWarning() => AssertNotGood(new SimdCheck(), Good with { SimdTier = SimdTier.Scalar }, CheckStatus.Warn);

    [Fact]
    public void NarrowVectors_AreAWarningOnX64_AndNormalOnArm()
    {
        MachineFacts narrow = Good with { SimdTier = SimdTier.Vector128 };

        AssertNotGood(new SimdCheck(), narrow, CheckStatus.Warn);
        Assert.Equal(CheckStatus.Pass, new SimdCheck().Run(narrow with { Architecture = Architecture.Arm64 }).Status);
    }

    [Fact]
    public void OneProcessor_IsAWarning() => AssertNotGood(new ProcessorCheck(), Good with { Processors = 1 }, CheckStatus.Warn);

    [Theory]
    [InlineData(4L << 30, "pass")]
    [InlineData((4L << 30) - 1, "warn")]
    [InlineData(512L << 20, "warn")]
    [InlineData((512L << 20) - 1, "fail")]
    public void Memory_HasTwoThresholds(long bytes, string expected) =>
        Assert.Equal(expected, new MemoryCheck().Run(Good with { MemoryBytes = bytes }).Status.ToString(), ignoreCase: true);

    [Theory]
    [InlineData(5_000_000_000L, "pass")]
    [InlineData(4_999_999_999L, "warn")]
    [InlineData(49_999_999L, "fail")]
    [InlineData(null, "warn")]
    public void DiskSpace_HasTwoThresholds(long? bytes, string expected) =>
        Assert.Equal(expected, new DiskSpaceCheck().Run(Good with { FreeBytes = bytes }).Status.ToString(), ignoreCase: true);

    [Fact]
    public void FolderThatCannotBeWritten_FailsWithItsReason()
    {
        MachineFacts readOnly = Good with { WriteError = "Access to the path is denied." };

        AssertNotGood(new WriteAccessCheck(), readOnly, CheckStatus.Fail);
        Assert.Equal("Access to the path is denied.", new WriteAccessCheck().Run(readOnly).Detail);
    }

    private static void AssertNotGood(IMachineCheck check, MachineFacts facts, CheckStatus expected)
    {
        CheckResult result = check.Run(facts);
        Assert.Equal(expected, result.Status);
        Assert.False(string.IsNullOrEmpty(result.Fix));
    }
}
