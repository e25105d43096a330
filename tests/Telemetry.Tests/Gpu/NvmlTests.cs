using MambaQuant.Telemetry.Gpu;
using Xunit;

namespace MambaQuant.Telemetry.Tests.Gpu;

public sealed class NvmlTests
{
    [Fact]
    public void Library_ThatIsNotThereIsNoError() => Assert.Null(Nvml.Open("libnothing-of-that-name.so.1"));

    [Fact]
    public void Library_ThatIsAnotherOneIsNoError() => Assert.Null(Nvml.Open(OperatingSystem.IsWindows() ? "kernel32.dll" : "libc.so.6"));

    [GpuFact]
    public void Machine_IsRead()
    {
        using Nvml nvml = Nvml.Open(Nvml.LibraryName)!;

        Assert.All(nvml.Read(), gpu =>
        {
            Assert.NotEmpty(gpu.Name);
            Assert.InRange(gpu.Utilization, 0, 1);
            Assert.InRange(gpu.UsedBytes, 0, gpu.TotalBytes);
            Assert.InRange(gpu.TotalBytes, 1 << 20, long.MaxValue);
        });
    }
}
