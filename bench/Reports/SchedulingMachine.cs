using System.Globalization;
using MambaQuant.Pipeline.Simulation;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Models;

namespace MambaQuant.Reports;

/// <summary>What this machine gives, and what devices give by it.</summary>
internal sealed class SchedulingMachine
{
    private readonly MachineRates _measured;

    /// <summary>Measures this machine, in a few seconds.</summary>
    public SchedulingMachine()
    {
        using var kernels = new CpuKernels();
        _measured = new MachineMeasurement(kernels, TimeProvider.System).Measure(Path.GetTempPath(), CancellationToken.None);
        Profile = kernels.Profile;
    }

    /// <summary>The numerics profile.</summary>
    public string Profile { get; }

    /// <summary>A device's rates with a model's items.</summary>
    /// <param name="device">Name of a published device; null for a machine like this one.</param>
    /// <param name="config">The model's dimensions.</param>
    public DeviceRates RatesOf(PublishedDevice? device, MambaConfig config)
    {
        double scan = DeviceScaling.ScanShare(config);
        return device is null
            ? DeviceScaling.ThisMachine(_measured, scan, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)
            : DeviceScaling.Scale(device, _measured, scan);
    }

    /// <summary>What was measured, for people.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"Measured here: dense products {_measured.GemmOperationsPerSecond / 1e9:F1} GFLOP/s, scan {_measured.ScanOperationsPerSecond / 1e9:F2} GFLOP/s, memory {_measured.MemoryBytesPerSecond / 1e9:F1} GB/s.");
}
