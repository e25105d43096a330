using System.Diagnostics;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Simulation;
using Xunit;
using Xunit.Abstractions;

namespace MambaQuant.Pipeline.Tests.Simulation;

/// <summary>Alone, so that the processor time is its own.</summary>
[CollectionDefinition(nameof(SchedulingCostTests), DisableParallelization = true)]
[Collection(nameof(SchedulingCostTests))]
public sealed class SchedulingCostTests(ITestOutputHelper output)
{
    [Fact]
    public void HundredThousandItems_OnAThousandWorkersTakeSecondsOfProcessorTime()
    {
        WorkGraph graph = GridGraphs.Passes(2, 48, 1042, new WorkCost(2e13, 20_000_000, 20_000_000, 0, 1 << 30), new WorkCost(1e10, 0, 0, 0, 1 << 30));
        SimulationOptions options = new()
        {
            Cluster = new ClusterShape { Nodes = 128, WorkersPerNode = 8, Device = new DeviceRates("made up", 1e12, 64L << 30), StoreBytesPerSecond = 1e12 },
        };
        Process process = Process.GetCurrentProcess();
        TimeSpan before = process.TotalProcessorTime;

        SimulationResult result = ClusterSimulator.Run(graph, options);

        process.Refresh();
        TimeSpan taken = process.TotalProcessorTime - before;
        output.WriteLine($"{graph.Items.Length} items, {result.Steps} steps, {taken.TotalSeconds:F2} s of processor time, {taken.TotalMicroseconds / result.Steps:F1} us a step; {result}");
        Assert.Equal(JobStatus.Finished, result.Status);
        Assert.True(graph.Items.Length >= 100_000);
        Assert.True(taken < TimeSpan.FromSeconds(10), $"{taken}");
    }
}
