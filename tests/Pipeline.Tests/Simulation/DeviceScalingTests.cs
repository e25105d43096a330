using MambaQuant.Pipeline.Simulation;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Simulation;

public sealed class DeviceScalingTests
{
    private static readonly MachineRates Machine = new(1e11, 1e9, 2e10, 1e9, 2e9);

    [Fact]
    public void ThisMachine_IsTheMeanOfItsRatesByTime()
    {
        Assert.Equal(1e11, DeviceScaling.ThisMachine(Machine, 0, 1).OperationsPerSecond, 1.0);
        Assert.Equal(1e9, DeviceScaling.ThisMachine(Machine, 1, 1).OperationsPerSecond, 1.0);
        Assert.Equal(1 / ((0.99 / 1e11) + (0.01 / 1e9)), DeviceScaling.ThisMachine(Machine, 0.01, 1).OperationsPerSecond, 1.0);
    }

    [Fact]
    public void Device_ScalesProductsByItsPeakAndTheScanByItsMemory()
    {
        PublishedDevice device = PublishedDevices.Find("H100")!;

        Assert.Equal(0.7 * 67e12, DeviceScaling.Scale(device, Machine, 0).OperationsPerSecond, 1e3);
        Assert.Equal(1e9 * 3_350e9 / 2e10, DeviceScaling.Scale(device, Machine, 1).OperationsPerSecond, 1.0);
        Assert.Equal(80_000_000_000, DeviceScaling.Scale(device, Machine, 0).MemoryBytes);
    }

    [Fact]
    public void Devices_AreNamedOnceWithTheirSources()
    {
        Assert.Equal(PublishedDevices.All.Length, PublishedDevices.All.Select(device => device.Name).Distinct().Count());
        Assert.All(PublishedDevices.All, device => Assert.Contains("datasheet", device.Source, StringComparison.Ordinal));
        Assert.Null(PublishedDevices.Find("abacus"));
    }

    [Fact]
    public void Share_OutsideItsRangeIsRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => DeviceScaling.ThisMachine(Machine, -0.1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => DeviceScaling.ThisMachine(Machine, 1.1, 1));
    }
}
