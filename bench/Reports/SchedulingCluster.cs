using System.Globalization;
using System.Text;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Simulation;

namespace MambaQuant.Reports;

/// <summary>How well simulated clusters of one device are used.</summary>
/// <param name="machine">Measured rates.</param>
/// <param name="deviceName">Name of a published device, or <see cref="Here"/>.</param>
internal sealed class SchedulingCluster(SchedulingMachine machine, string deviceName)
{
    /// <summary>A machine like this one.</summary>
    public const string Here = "here";

    /// <summary>Headings of the rows of <see cref="Large"/>.</summary>
    public const string LargeHeadings =
        "| worker | model | scheme | grid | workers | makespan | computing | transfers | wasted | idle | all equally fast | critical path |\n|---|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n";

    /// <summary>Headings of the rows of <see cref="Losses"/>.</summary>
    public const string LossesHeadings =
        "| worker | model | scheme | makespan | 5 % of nodes lost | 20 % lost | 20 % lost, replaced |\n|---|---|---|---:|---:|---:|---:|\n";

    private const int Middle = 256;

    private static readonly int[] LargeCounts = [64, Middle, 1024];

    private readonly PublishedDevice? _device = PublishedDevices.Find(deviceName);

    /// <summary>The device, for tables.</summary>
    public string Name => deviceName;

    private int WorkersPerNode => _device is null ? 1 : 8;

    /// <summary>What a worker is held to give.</summary>
    /// <param name="job">A job of the model in question.</param>
    public string Rate(SchedulingJob job) => string.Create(
        CultureInfo.InvariantCulture, $"{deviceName}: {machine.RatesOf(_device, job.Config).OperationsPerSecond / 1e12:0.##} TFLOP/s, {WorkersPerNode} a node");

    /// <summary>A job with 64, 256 and 1,024 workers: a row each.</summary>
    /// <param name="job">The job.</param>
    public string Large(SchedulingJob job)
    {
        var text = new StringBuilder();
        WorkPlan plan = job.Plan(machine.Profile);
        foreach (int workers in LargeCounts)
        {
            SimulationResult drawn = Run(job, plan, workers);
            SimulationResult even = Run(job, plan, workers, spread: false);
            double all = drawn.WorkerSeconds;
            double idle = 1 - drawn.Utilisation - ((drawn.TransferSeconds + drawn.WastedSeconds) / all);
            text.Append(
                CultureInfo.InvariantCulture,
                $"| {deviceName} | {job.Model} | {job.Scheme} | {plan.Grid.Blocks} × {plan.Grid.Shards} | {workers:N0} | {Time(drawn.Makespan)} | {Percent(drawn.Utilisation)} | {Percent(drawn.TransferSeconds / all)} | {Percent(drawn.WastedSeconds / all)} | {Percent(idle)} | {Percent(even.Utilisation)} | {Time(drawn.CriticalPath)} |\n");
        }

        return text.ToString();
    }

    /// <summary>A job with 256 workers, some of which are lost: one row.</summary>
    /// <param name="job">The job.</param>
    public string Losses(SchedulingJob job)
    {
        WorkPlan plan = job.Plan(machine.Profile);
        SimulationResult few = Run(job, plan, Middle, lost: 0.05), many = Run(job, plan, Middle, lost: 0.2);
        SimulationResult replaced = Run(job, plan, Middle, lost: 0.2, replacement: TimeSpan.FromMinutes(2));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {deviceName} | {job.Model} | {job.Scheme} | {Time(few.UndisturbedMakespan)} | {Cost(few)} | {Cost(many)} | {Cost(replaced)} |\n");
    }

    /// <summary>A job with ever more workers.</summary>
    /// <param name="job">The job.</param>
    /// <param name="counts">Numbers of workers, ascending, from 1.</param>
    /// <returns>Makespan and utilisation of each.</returns>
    public IReadOnlyList<(TimeSpan Makespan, double Utilisation)> Growing(SchedulingJob job, IEnumerable<int> counts)
    {
        WorkPlan plan = job.Plan(machine.Profile);
        return [.. counts.Select(workers => Run(job, plan, workers)).Select(result => (result.Makespan, result.Utilisation))];
    }

    /// <summary>One run of a job.</summary>
    /// <param name="job">The job.</param>
    /// <param name="workers">Number of workers.</param>
    public (WorkPlan Plan, SimulationResult Result) Simulate(SchedulingJob job, int workers)
    {
        WorkPlan plan = job.Plan(machine.Profile);
        return (plan, Run(job, plan, workers));
    }

    /// <summary>Time as a table shows it.</summary>
    /// <param name="time">The time.</param>
    public static string Time(TimeSpan time) => time.TotalSeconds < 600
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:F0} s")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes:F0} min");

    /// <summary>A share as a table shows it.</summary>
    /// <param name="share">From 0 to 1.</param>
    public static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * Math.Max(0, share):F0} %");

    private static string Cost(SimulationResult result) => result.CostOfLosses is { } cost
        ? string.Create(CultureInfo.InvariantCulture, $"{100 * cost:+0;-0;0} % ({result.LostNodes} nodes)")
        : "does not end";

    private SimulationResult Run(SchedulingJob job, WorkPlan plan, int workers, bool spread = true, double lost = 0, TimeSpan? replacement = null)
    {
        int perNode = Math.Min(WorkersPerNode, workers);
        var options = new SimulationOptions
        {
            Cluster = new ClusterShape { Nodes = workers / perNode, WorkersPerNode = perNode, Device = machine.RatesOf(_device, job.Config) },
            LostNodes = lost,
            Replacement = replacement,
            CheckpointLayers = ProgressRule.LayersBetween(job.Config, (long)plan.Grid.Shard(0).Count * job.SequenceLength, plan.Grid.Block(0).Count),
        };
        return ClusterSimulator.Run(plan.Graph, spread ? options : options with { AttemptSpread = 0, WorkerSpread = 0 });
    }
}
