using MambaQuant.Client.Failures;
using MambaQuant.Pipeline.Simulation;
using MambaQuant.Quant.Models;

namespace MambaQuant.Client.Planning;

/// <summary>What a plan's operations and bytes are turned into seconds with: rates, and where each comes from.</summary>
/// <param name="Measured">What was measured on a machine: this one, or the one whose rates were saved.</param>
/// <param name="Published">What the workers' device is published to do; null where a worker is a machine like this one.</param>
/// <param name="Device">A worker's rates.</param>
/// <param name="ScanShare">Share of the scan in a layer's operations; the rest is dense products.</param>
internal sealed record CostModel(MachineRates Measured, PublishedDevice? Published, DeviceRates Device, double ScanShare)
{
    /// <summary>How the command line calls a machine like this one.</summary>
    public const string Here = "here";

    /// <summary>Every name of a device.</summary>
    public static IReadOnlyList<string> DeviceNames => [Here, .. PublishedDevices.All.Select(device => device.Name)];

    /// <summary>Scales what a machine gives to a device.</summary>
    /// <param name="device">One of <see cref="DeviceNames"/>.</param>
    /// <param name="config">The model's dimensions.</param>
    /// <param name="rates">Measures this machine, or reads saved rates.</param>
    /// <exception cref="UsageException">There is no such device.</exception>
    public static CostModel Of(string device, MambaConfig config, Func<SavedRates> rates)
    {
        ArgumentNullException.ThrowIfNull(rates);
        PublishedDevice? published = PublishedDevices.Find(device);
        if (published is null && device != Here)
        {
            throw new UsageException($"--device: there is no device '{device}'; use {string.Join(", ", DeviceNames)}");
        }

        SavedRates saved = rates();
        MachineRates measured = saved.Measured;
        double scan = DeviceScaling.ScanShare(config);
        DeviceRates worker = published is null
            ? DeviceScaling.ThisMachine(measured, scan, saved.MachineMemoryBytes)
            : DeviceScaling.Scale(published, measured, scan);
        return new CostModel(measured, published, worker, scan);
    }

    /// <summary>A cluster of these devices; machines like this one reach the store no faster than this one its disk.</summary>
    /// <param name="nodes">Number of nodes.</param>
    /// <param name="workersPerNode">Workers of a node.</param>
    public ClusterShape Cluster(int nodes, int workersPerNode)
    {
        var cluster = new ClusterShape { Nodes = nodes, WorkersPerNode = workersPerNode, Device = Device };
        return Published is null
            ? cluster with { NodeBytesPerSecond = Math.Min(Measured.DiskWriteBytesPerSecond, Measured.DiskReadBytesPerSecond) }
            : cluster;
    }
}
