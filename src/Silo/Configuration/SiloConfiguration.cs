using MambaQuant.Dashboard.Hosting;
using MambaQuant.Grains.Connecting;

namespace MambaQuant.Silo.Configuration;

/// <summary>What a silo is: checked, nothing left to guess.</summary>
internal sealed record SiloConfiguration
{
    /// <summary>What was written for the store; may be a secret.</summary>
    public required string Store { get; init; }

    /// <summary>Folder for files on their way.</summary>
    public required string Scratch { get; init; }

    /// <summary>Items that run at once.</summary>
    public required int Slots { get; init; }

    /// <summary>Memory of a slot in bytes.</summary>
    public required long SlotMemory { get; init; }

    /// <summary>Threads that the slots divide among them.</summary>
    public required int Threads { get; init; }

    /// <summary>The cluster.</summary>
    public required ClusterAddress Cluster { get; init; }

    /// <summary>Where the silo is reached.</summary>
    public required SiloEndpoint Endpoint { get; init; }

    /// <summary>Port of the health endpoints, or 0.</summary>
    public required int HealthPort { get; init; }

    /// <summary>Where the live page is served, and for whom; null for nowhere.</summary>
    public DashboardOptions? Dashboard { get; init; }

    /// <summary>Time without a sign of life after which an item is given to another slot.</summary>
    public required TimeSpan Lease { get; init; }

    /// <summary>Time between two signs of life.</summary>
    public required TimeSpan Heartbeat { get; init; }

    /// <summary>Time without a job after which the silo ends; null for never.</summary>
    public TimeSpan? ExitWhenIdle { get; init; }

    /// <summary>Time that stopping at a safe point may take.</summary>
    public required TimeSpan Shutdown { get; init; }
}
