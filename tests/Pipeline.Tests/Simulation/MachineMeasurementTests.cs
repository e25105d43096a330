using MambaQuant.Pipeline.Simulation;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Simulation;

public sealed class MachineMeasurementTests
{
    [Fact]
    public void Measure_FindsRatesThatAMachineCanHaveAndLeavesNothingBehind()
    {
        using TemporaryDirectory folder = new();
        using CpuKernels kernels = new();

        MachineRates rates = new MachineMeasurement(kernels, TimeProvider.System).Measure(folder.Path, default);

        // From a thousandth of a laptop to a thousand of them.
        Assert.All(
            [rates.GemmOperationsPerSecond, rates.ScanOperationsPerSecond, rates.MemoryBytesPerSecond, rates.DiskReadBytesPerSecond, rates.DiskWriteBytesPerSecond],
            rate => Assert.InRange(rate, 1e6, 1e15));
        Assert.Empty(Directory.GetFiles(folder.Path));
    }
}
