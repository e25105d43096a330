using System.Diagnostics;
using System.Globalization;
using System.Text;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Simulation;

namespace MambaQuant.Reports;

/// <summary>What scheduling itself costs: a large plan, driven to its end by the simulator on one core.</summary>
internal static class SchedulingCost
{
    private const int Workers = 1024;
    private const int Blocks = 33;
    private const int Shards = 1024;

    /// <summary>Measures twice, since the first run also compiles.</summary>
    /// <param name="machine">The rates of the workers.</param>
    public static string Measure(SchedulingMachine machine)
    {
        var text = new StringBuilder();
        var job = new SchedulingJob("mamba-2.8b", 4096, 2048, new PlanOptions { Blocks = Blocks, Shards = Shards });
        TimeSpan before = ProcessorTime();
        WorkGraph graph = job.Plan(machine.Profile).Graph;
        TimeSpan planning = ProcessorTime() - before;
        var options = new SimulationOptions
        {
            Cluster = new ClusterShape { Nodes = Workers / 8, WorkersPerNode = 8, Device = machine.RatesOf(PublishedDevices.Find("h100"), job.Config) },
        };
        text.Append("## Scheduling itself\n\n");
        text.Append(CultureInfo.InvariantCulture, $"The plan of mamba-2.8b cut into {Blocks} blocks × {Shards} shards: {graph.Items.Length:N0} items with {graph.Items.Sum(item => (long)item.Needs.Length):N0} needs, planned in {planning.TotalSeconds:F1} s of processor time. ");
        text.Append(CultureInfo.InvariantCulture, $"Driven to its end with {Workers:N0} workers, everything on one thread, the simulator's own work included (aim: below 10 s):\n\n");
        text.Append("| run | status | inputs | processor s | µs an input |\n|---|---|---:|---:|---:|\n");
        foreach (string name in new[] { "first", "second" })
        {
            before = ProcessorTime();
            SimulationResult result = ClusterSimulator.Run(graph, options);
            TimeSpan spent = ProcessorTime() - before;
            text.Append(CultureInfo.InvariantCulture, $"| {name} | {result.Status} | {result.Steps:N0} | {spent.TotalSeconds:F2} | {spent.TotalMicroseconds / result.Steps:F1} |\n");
        }

        return text.Append('\n').ToString();
    }

    private static TimeSpan ProcessorTime()
    {
        using Process self = Process.GetCurrentProcess();
        return self.TotalProcessorTime;
    }
}
