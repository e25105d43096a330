using MambaQuant.Pipeline.Scheduling;

namespace MambaQuant.Pipeline.Simulation;

/// <summary>What is simulated besides the work itself.</summary>
public sealed record SimulationOptions
{
    /// <summary>The cluster.</summary>
    public required ClusterShape Cluster { get; init; }

    /// <summary>How the job is scheduled.</summary>
    public SchedulerOptions Scheduling { get; init; } = new();

    /// <summary>Seed of everything that is drawn: which nodes are lost and when, how slow attempts and workers are.</summary>
    public ulong Seed { get; init; }

    /// <summary>Share of the nodes that are lost, each once, at a moment drawn evenly from the time that the job takes without losses.</summary>
    /// <value>0 by default; from 0 to 1.</value>
    public double LostNodes { get; init; }

    /// <summary>The share as a number of nodes, rounded to the nearest, halves to even.</summary>
    public int LostNodeCount => (int)Math.Round(LostNodes * Cluster.Nodes, MidpointRounding.ToEven);

    /// <summary>After what time a lost node is known to be lost.</summary>
    /// <value>30 s by default. Null: never; its leases run out instead.</value>
    public TimeSpan? LossDetection { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>After what time a lost node is replaced by a new one.</summary>
    /// <value>Null by default: never.</value>
    public TimeSpan? Replacement { get; init; }

    /// <summary>Spread of the time that attempts at equal items take: the standard deviation of its logarithm; the mean stays.</summary>
    /// <value>0.05 by default.</value>
    public double AttemptSpread { get; init; } = 0.05;

    /// <summary>Spread of the speed of workers: the standard deviation of its logarithm; the mean stays.</summary>
    /// <value>0.03 by default.</value>
    public double WorkerSpread { get; init; } = 0.03;

    /// <summary>Layers between two progress checkpoints of an item of several layers; what is checkpointed survives a loss.</summary>
    /// <value>0 by default: none.</value>
    public int CheckpointLayers { get; init; }

    /// <summary>Seconds that items took in a run that was recorded, in place of what the cost model expects of them, transfers included.</summary>
    /// <value>None by default.</value>
    public IReadOnlyDictionary<int, double> RecordedSeconds { get; init; } = new Dictionary<int, double>();

    internal void ThrowIfInvalid()
    {
        List<string> problems = [.. Scheduling.Problems];
        Require(Cluster.Nodes >= 1 && Cluster.WorkersPerNode >= 1, $"a cluster needs a node and a worker, found {Cluster.Nodes} × {Cluster.WorkersPerNode}");
        Require(Cluster.Device.OperationsPerSecond > 0, $"a device needs a rate above 0, found {Cluster.Device.OperationsPerSecond}");
        Require(Cluster.NodeBytesPerSecond > 0 && Cluster.StoreBytesPerSecond > 0, "bytes a second must be above 0");
        Require(Cluster.ItemOverhead >= TimeSpan.Zero, $"an item's overhead must not be negative, found {Cluster.ItemOverhead}");
        Require(LostNodes is >= 0 and <= 1, $"the share of lost nodes lies between 0 and 1, found {LostNodes}");
        Require(AttemptSpread >= 0 && WorkerSpread >= 0, "a spread must not be negative");
        Require(CheckpointLayers >= 0, $"layers between checkpoints must not be negative, found {CheckpointLayers}");
        if (problems.Count > 0)
        {
            throw new ArgumentException(string.Join("; ", problems));
        }

        void Require(bool holds, string problem)
        {
            if (!holds)
            {
                problems.Add(problem);
            }
        }
    }
}
