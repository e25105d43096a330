using MambaQuant.Quant.Models;

namespace MambaQuant.Pipeline.Simulation;

/// <summary>Turns what was measured on this machine, and what is published of a device, into the rate at which the device does work items.</summary>
/// <remarks>
/// Of an item's operations a share is the scan's, the rest dense products:
/// <code>
/// seconds per operation = (1 - share) / products + share / scan
/// this machine:  products and scan as measured
/// a device:      products = 0.7 of its published fp32 peak; scan = as measured here, times published over measured bandwidth of memory
/// </code>
/// Both are models: 0.7 is what good libraries reach with products of these shapes, and a scan is held to grow with the bandwidth.
/// </remarks>
public static class DeviceScaling
{
    /// <summary>Share of a device's published peak that dense products are held to reach.</summary>
    public const double PeakShare = 0.7;

    /// <summary>The share of the scan in the operations of a layer's forward pass.</summary>
    /// <param name="config">The model's dimensions.</param>
    public static double ScanShare(MambaConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        (double d, double e, double n, double r) = (config.DModel, config.DInner, config.DState, config.DtRank);
        double products = 2 * ((3 * e * d) + (2 * r * e) + (2 * n * e) + (e * config.DConv));
        double scan = 9 * e * n;
        return scan / (products + scan);
    }

    /// <summary>This machine as a worker.</summary>
    /// <param name="measured">What was measured on it.</param>
    /// <param name="scanShare">Share of the scan in the operations, from 0 to 1.</param>
    /// <param name="memoryBytes">Memory for one item.</param>
    public static DeviceRates ThisMachine(MachineRates measured, double scanShare, long memoryBytes)
    {
        ArgumentNullException.ThrowIfNull(measured);
        return new DeviceRates("this machine", Rate(measured.GemmOperationsPerSecond, measured.ScanOperationsPerSecond, scanShare), memoryBytes);
    }

    /// <summary>A published device as a worker.</summary>
    /// <param name="device">The device.</param>
    /// <param name="measured">What was measured on this machine.</param>
    /// <param name="scanShare">Share of the scan in the operations, from 0 to 1.</param>
    public static DeviceRates Scale(PublishedDevice device, MachineRates measured, double scanShare)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(measured);
        double scan = measured.ScanOperationsPerSecond * device.MemoryBytesPerSecond / measured.MemoryBytesPerSecond;
        return new DeviceRates(device.Name, Rate(PeakShare * device.PeakOperationsPerSecond, scan, scanShare), device.MemoryBytes);
    }

    private static double Rate(double products, double scan, double scanShare)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(scanShare);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(scanShare, 1);
        return 1 / (((1 - scanShare) / products) + (scanShare / scan));
    }
}
