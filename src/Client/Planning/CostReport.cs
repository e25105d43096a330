using MambaQuant.Pipeline.Simulation;

namespace MambaQuant.Client.Planning;

/// <summary>The rates of a cost model, with their sources.</summary>
internal sealed record CostReport
{
    /// <summary>What was measured on this machine.</summary>
    public required MachineRates Measured { get; init; }

    /// <summary>What the workers' device is published to do, and by whom; null where a worker is a machine like this one.</summary>
    public required PublishedDevice? Published { get; init; }

    /// <summary>What one worker is held to give.</summary>
    public required DeviceRates Worker { get; init; }

    /// <summary>Share of the scan in a layer's operations.</summary>
    public required double ScanShare { get; init; }

    /// <summary>Bytes a second between a node and the store.</summary>
    public required double NodeBytesPerSecond { get; init; }

    /// <summary>Bytes a second that the store gives to all together.</summary>
    public required double StoreBytesPerSecond { get; init; }

    /// <summary>Where the rate of a node comes from; the rest of the store's rates is assumed.</summary>
    public required string NodeSource { get; init; }

    /// <summary>Seconds that every item costs beside computing and transfers.</summary>
    public required double ItemOverheadSeconds { get; init; }

    /// <summary>The rates of a cost model on a cluster.</summary>
    /// <param name="cost">The cost model.</param>
    /// <param name="cluster">The cluster.</param>
    /// <param name="nodeSource">Where the rate of its nodes comes from.</param>
    public static CostReport Of(CostModel cost, ClusterShape cluster, string nodeSource)
    {
        ArgumentNullException.ThrowIfNull(cost);
        ArgumentNullException.ThrowIfNull(cluster);
        return new CostReport
        {
            Measured = cost.Measured,
            Published = cost.Published,
            Worker = cost.Device,
            ScanShare = cost.ScanShare,
            NodeBytesPerSecond = cluster.NodeBytesPerSecond,
            StoreBytesPerSecond = cluster.StoreBytesPerSecond,
            NodeSource = nodeSource,
            ItemOverheadSeconds = cluster.ItemOverhead.TotalSeconds,
        };
    }

    /// <summary>Prints them for people.</summary>
    /// <param name="output">Where to.</param>
    public void Write(TextWriter output)
    {
        output.WriteLine(
            $"measured   products {RateText.Operations(Measured.GemmOperationsPerSecond)}, scan {RateText.Operations(Measured.ScanOperationsPerSecond)}, "
            + $"memory {RateText.Bytes(Measured.MemoryBytesPerSecond)}, disk {RateText.Bytes(Measured.DiskWriteBytesPerSecond)} written, {RateText.Bytes(Measured.DiskReadBytesPerSecond)} read");
        if (Published is { } device)
        {
            output.WriteLine(
                $"published  {device.Name}: fp32 {RateText.Operations(device.PeakOperationsPerSecond)}, memory {RateText.Bytes(device.MemoryBytesPerSecond)} ({device.Source})");
        }

        string how = Published is null
            ? "as measured"
            : $"products {DeviceScaling.PeakShare:0%} of the peak, scan as measured times the ratio of memory rates";
        output.WriteLine($"worker     {RateText.Operations(Worker.OperationsPerSecond)} of items ({how}; {ScanShare:0.0%} of operations are the scan's), {ByteText.Readable(Worker.MemoryBytes)} of memory");
        output.WriteLine(
            $"store      {RateText.Bytes(NodeBytesPerSecond)} a node ({NodeSource}), {RateText.Bytes(StoreBytesPerSecond)} for all and {ItemOverheadSeconds:0.0##} s an item (assumed)");
    }
}
