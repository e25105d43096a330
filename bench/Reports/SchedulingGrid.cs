using System.Globalization;
using System.Text;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Reports;

/// <summary>The large job with grids that are set by hand, beside the one that the plan chooses.</summary>
internal static class SchedulingGrid
{
    private static readonly (string Device, string Scheme, int Workers, int? Blocks, int? Shards)[] Cases =
    [
        (SchedulingCluster.Here, "W8A8", 256, null, null),
        (SchedulingCluster.Here, "W8A8", 256, 1, 256),
        (SchedulingCluster.Here, "W8A8", 256, 4, 512),
        (SchedulingCluster.Here, "W8A8", 256, 8, 512),
        ("t4", "W4A8", 64, null, null),
        ("t4", "W4A8", 64, 4, 128),
        ("t4", "W4A8", 64, 4, 64),
        ("h100", "W4A8", 64, null, null),
        ("h100", "W4A8", 64, 4, 64),
        ("h100", "W4A8", 64, 1, 64),
    ];

    /// <summary>The table.</summary>
    /// <param name="machine">Measured rates.</param>
    public static string Report(SchedulingMachine machine)
    {
        var text = new StringBuilder("## Grids set by hand\n\nmamba-2.8b, 4,096 × 2,048 tokens; the first of each group is the plan's own.\n\n");
        text.Append("| worker | scheme | workers | grid | makespan | computing | transfers | read TB | written TB |\n|---|---|---:|---:|---:|---:|---:|---:|---:|\n");
        foreach ((string device, string scheme, int workers, int? blocks, int? shards) in Cases)
        {
            var job = new SchedulingJob("mamba-2.8b", 4096, 2048, new PlanOptions { Blocks = blocks, Shards = shards }) { Scheme = scheme };
            (WorkPlan plan, Pipeline.Simulation.SimulationResult result) = new SchedulingCluster(machine, device).Simulate(job, workers);
            text.Append(
                CultureInfo.InvariantCulture,
                $"| {device} | {scheme} | {workers} | {plan.Grid.Blocks} × {plan.Grid.Shards} | {SchedulingCluster.Time(result.Makespan)} | {SchedulingCluster.Percent(result.Utilisation)} | {SchedulingCluster.Percent(result.TransferSeconds / result.WorkerSeconds)} | {result.BytesRead / 1e12:F2} | {result.BytesWritten / 1e12:F2} |\n");
        }

        return text.Append('\n').Append(SchedulingWords.ByHand).ToString();
    }
}
