namespace MambaQuant.Pipeline.Simulation;

/// <summary>A cluster to simulate: equal nodes before one store.</summary>
public sealed record ClusterShape
{
    /// <summary>Number of nodes.</summary>
    public required int Nodes { get; init; }

    /// <summary>Workers of a node: one for each device.</summary>
    public required int WorkersPerNode { get; init; }

    /// <summary>The device of every worker.</summary>
    public required DeviceRates Device { get; init; }

    /// <summary>Bytes a second between one node and the store, both ways together.</summary>
    /// <value>2 GB/s by default: what a virtual machine of 25 to 40 Gbit/s reaches in practice.</value>
    public double NodeBytesPerSecond { get; init; } = 2e9;

    /// <summary>Bytes a second that the store gives to everybody together.</summary>
    /// <value>
    /// 25 GB/s by default, 200 Gbit/s: the egress of one standard account in the larger Azure regions (learn.microsoft.com, "Scalability and
    /// performance targets for standard storage accounts").
    /// </value>
    public double StoreBytesPerSecond { get; init; } = 25e9;

    /// <summary>Time that every item costs beside computing and transfers: messages, opening artifacts, the receipt.</summary>
    /// <value>0.2 s by default: a few round trips of tens of milliseconds.</value>
    public TimeSpan ItemOverhead { get; init; } = TimeSpan.FromSeconds(0.2);

    /// <summary>Bytes of what it made last that a worker keeps at hand, so that they are not read through the store.</summary>
    /// <value>8 GiB by default.</value>
    public long CacheBytes { get; init; } = 8L << 30;

    /// <summary>Bytes of the model's weights that a node keeps for all its workers once one of them has read them.</summary>
    /// <value>64 GiB by default: the system's cache of a mapped model, or a local copy.</value>
    public long NodeWeightBytes { get; init; } = 64L << 30;

    /// <summary>Number of workers.</summary>
    public int Workers => Nodes * WorkersPerNode;
}
