using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Inputs;

namespace MambaQuant.Pipeline.Simulation;

/// <summary>Runs the real scheduler on a simulated cluster, under virtual time: a driver like the others, whose workers only wait.</summary>
/// <remarks>
/// An attempt reads its inputs (but what its worker made itself and still has), computes while the weights are read (unless its node has read
/// these layers before), and writes its outputs. Transfers share the node's link and the store's; computing takes the item's operations
/// over the device's rate, times a drawn slowness of the attempt and of the worker. Workers renew their leases, nodes die and are replaced,
/// checkpoints survive. The same arguments give the same result.
/// </remarks>
public static class ClusterSimulator
{
    /// <summary>Runs a job.</summary>
    /// <param name="graph">The work.</param>
    /// <param name="options">The cluster, and what goes wrong.</param>
    /// <param name="journal">Hears the records of all steps, as a journal would hold them; of the run with losses, where there are any.</param>
    /// <exception cref="ArgumentException">An option lies outside its range; the message names each.</exception>
    public static SimulationResult Run(WorkGraph graph, SimulationOptions options, Action<SchedulerInput>? journal = null)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(options);
        options.ThrowIfInvalid();
        int lost = options.LostNodeCount;
        if (lost == 0)
        {
            return new SimulatedCluster(graph, options, [], journal).Run();
        }

        SimulationResult undisturbed = new SimulatedCluster(graph, options, [], journal: null).Run();
        double horizon = undisturbed.Makespan.TotalSeconds;
        var noise = new SeededNoise(options.Seed);
        (int Node, double At)[] losses =
        [
            .. Enumerable.Range(0, options.Cluster.Nodes)
                .OrderBy(node => noise.Uniform(SimulatedCluster.NoiseOfLosses, (ulong)node, 0))
                .Take(lost)
                .Select(node => (node, horizon * noise.Uniform(SimulatedCluster.NoiseOfLosses, (ulong)node, 1))),
        ];
        return new SimulatedCluster(graph, options, losses, journal).Run() with { UndisturbedMakespan = undisturbed.Makespan };
    }

    /// <summary>What an item takes on a cluster where nothing makes it wait, all its inputs and weights read through the store, in seconds.</summary>
    /// <param name="item">The item.</param>
    /// <param name="options">The cluster.</param>
    public static double ExpectedSeconds(WorkItem item, SimulationOptions options)
    {
        ArgumentNullException.ThrowIfNull(item);
        ArgumentNullException.ThrowIfNull(options);
        if (options.RecordedSeconds.TryGetValue(item.Index, out double recorded))
        {
            return recorded;
        }

        ClusterShape cluster = options.Cluster;
        double rate = Math.Min(cluster.NodeBytesPerSecond, cluster.StoreBytesPerSecond);
        double computing = Math.Max(item.Cost.Operations / cluster.Device.OperationsPerSecond, item.Cost.ModelBytes / rate);
        return cluster.ItemOverhead.TotalSeconds + computing + (((double)item.Cost.InputBytes + item.Cost.OutputBytes) / rate);
    }

    /// <summary>What an item takes at least on a cluster: inputs and weights at hand, no waiting, no slowness. In seconds.</summary>
    /// <param name="item">The item.</param>
    /// <param name="options">The cluster.</param>
    public static double LeastSeconds(WorkItem item, SimulationOptions options)
    {
        ArgumentNullException.ThrowIfNull(item);
        ArgumentNullException.ThrowIfNull(options);
        ClusterShape cluster = options.Cluster;
        return options.RecordedSeconds.TryGetValue(item.Index, out double recorded)
            ? recorded
            : cluster.ItemOverhead.TotalSeconds
                + (item.Cost.Operations / cluster.Device.OperationsPerSecond)
                + (item.Cost.OutputBytes / Math.Min(cluster.NodeBytesPerSecond, cluster.StoreBytesPerSecond));
    }
}
