using System.Collections.Immutable;
using MambaQuant.Grains.Workers;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Local;
using MambaQuant.Pipeline.Scheduling;

namespace MambaQuant.Grains.Hosting;

/// <summary>What a silo works with.</summary>
public sealed record MambaQuantSiloOptions
{
    /// <summary>The store of all jobs; the same for every silo of a cluster. Not owned.</summary>
    public required IArtifactStore Store { get; init; }

    /// <summary>The slots; none for a silo that only keeps jobs.</summary>
    public ImmutableArray<SlotOptions> Slots { get; init; } = [];

    /// <summary>Backends of the slots, by their place. Not owned.</summary>
    public required IWorkerBackends Backends { get; init; }

    /// <summary>A folder of this silo alone for files on their way.</summary>
    public required string ScratchPath { get; init; }

    /// <summary>How jobs are scheduled: above all how long a slot may be silent.</summary>
    /// <value>A lease of 15 s, a heartbeat of 3 s, what a slot lost before anything else, by default.</value>
    public SchedulerOptions Scheduling { get; init; } = new() { Lease = TimeSpan.FromSeconds(15), Heartbeat = TimeSpan.FromSeconds(3), ReturnedFirst = true };

    /// <summary>How often slots announce themselves, and silos look after the directory.</summary>
    /// <value>5 s by default.</value>
    public TimeSpan Announcement { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Bytes that a slot keeps between items.</summary>
    /// <value>256 MiB by default.</value>
    public long CacheBytes { get; init; } = 256L << 20;

    /// <summary>How long calls between silos, slots and jobs may take.</summary>
    /// <value>10 s by default.</value>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the silo waits for its slots to come to a safe point when it stops.</summary>
    /// <value>120 s by default.</value>
    public TimeSpan Shutdown { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>Whether the cluster runs what it finds in the store, and not only what it is told to.</summary>
    /// <value>True by default; a cluster of one command in a store that others have too must not take their jobs.</value>
    public bool FindsJobs { get; init; } = true;

    /// <summary>Whether the silo ends when nobody wants its slots: then jobs are kept elsewhere, where that is possible.</summary>
    /// <value>False by default.</value>
    public bool EndsWhenIdle { get; init; }

    /// <summary>Makes what runs the items of a job.</summary>
    /// <value>Null by default: from the request in the store.</value>
    public IExecutorFactory? Executors { get; init; }
}
