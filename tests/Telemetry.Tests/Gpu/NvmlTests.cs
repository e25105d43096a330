using MambaQuant.Telemetry.Gpu;
using Xunit;

namespace MambaQuant.Telemetry.Tests.Gpu;

public sealed class NvmlTests
{
    [Fact]
    public void Library_ThatIsNotThereIsNoError() => Assert.Null(Nvml.Open("libnothing-of-that-name.so.1"));

    [Fact]
    public void Library_ThatIsAnotherOneIsNoError() => Assert.Null(Nvml.Open(OperatingSystem.IsWindows() ? "kernel32.dll" : "libc.so.6"));

    [Fact]
    public void Machine_IsReadWhereItHasAGpu()
    {
        using Nvml? nvml = Nvml.Open(Nvml.LibraryName);
        foreach (GpuReading gpu in nvml?.Read() ?? [])
        {
            Assert.NotEmpty(gpu.Name);
            Assert.InRange(gpu.Utilization, 0, 1);
            Assert.InRange(gpu.UsedBytes, 0, gpu.TotalBytes);
        }
    }
}
