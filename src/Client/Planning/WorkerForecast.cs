using System.Collections.Immutable;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Simulation;

namespace MambaQuant.Client.Planning;

/// <summary>What a job is expected to take with some number of workers.</summary>
/// <param name="Workers">How many, each on a node of its own.</param>
/// <param name="Seconds">From the submission to the end.</param>
/// <param name="Utilisation">Share of the workers' time that is computing.</param>
/// <param name="MemoryBytes">Memory of all workers at most: as if all ran one of the largest items at the same moment.</param>
internal sealed record WorkerForecast(int Workers, double Seconds, double Utilisation, long MemoryBytes)
{
    private const double WorthWhile = 0.95;

    private static readonly int[] Counts = [1, 2, 8, 32, 128, 512];

    /// <summary>Simulates a job with one worker, with two, eight and so on, as long as more of them make it shorter.</summary>
    /// <param name="graph">The work.</param>
    /// <param name="options">The cluster but for its number of nodes, without losses or spread.</param>
    /// <param name="memory">Memory of some number of workers, at most.</param>
    public static ImmutableArray<WorkerForecast> Of(WorkGraph graph, SimulationOptions options, Func<int, long> memory)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(memory);
        ImmutableArray<WorkerForecast>.Builder rows = ImmutableArray.CreateBuilder<WorkerForecast>();
        foreach (int count in Counts)
        {
            SimulationResult result = ClusterSimulator.Run(graph, options with { Cluster = options.Cluster with { Nodes = count, WorkersPerNode = 1 } });
            if (result.Status != JobStatus.Finished)
            {
                break;
            }

            rows.Add(new WorkerForecast(count, result.Makespan.TotalSeconds, result.Utilisation, memory(count)));
            if (rows.Count > 2 && rows[^1].Seconds > WorthWhile * rows[^2].Seconds)
            {
                break;
            }
        }

        return rows.ToImmutable();
    }
}
