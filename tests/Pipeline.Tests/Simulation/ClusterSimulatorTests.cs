using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Pipeline.Simulation;
using MambaQuant.Pipeline.Tests.Scheduling;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Simulation;

public sealed class ClusterSimulatorTests
{
    private static readonly WorkCost TenSeconds = new(1e13, 1_000_000, 1_000_000, 0, 1 << 30);

    /// <summary>A second for 10^12 operations; nothing varies, and everything but computing is free.</summary>
    private static SimulationOptions Ideal(int nodes, int workers) => new()
    {
        Cluster = new ClusterShape
        {
            Nodes = nodes,
            WorkersPerNode = workers,
            Device = new DeviceRates("made up", 1e12, 4L << 30),
            NodeBytesPerSecond = 1e15,
            StoreBytesPerSecond = 1e15,
            ItemOverhead = TimeSpan.Zero,
        },
        AttemptSpread = 0,
        WorkerSpread = 0,
    };

    private static SimulationOptions Real(int nodes) => Ideal(nodes, 4) with
    {
        Cluster = Ideal(nodes, 4).Cluster with { NodeBytesPerSecond = 1e9, StoreBytesPerSecond = 1e10, ItemOverhead = TimeSpan.FromSeconds(0.1) },
        AttemptSpread = 0.2,
        WorkerSpread = 0.05,
        Seed = 5,
    };

    [Theory]
    [InlineData(1, 640)]
    [InlineData(8, 80)]
    [InlineData(16, 40)]
    [InlineData(32, 40)]
    public void IdealCluster_TakesTheWorkOverTheWorkersOrTheLongestChain(int workers, double seconds)
    {
        SimulationResult result = ClusterSimulator.Run(GridGraphs.Passes(1, 4, 16, TenSeconds, default), Ideal(workers, 1));

        Assert.Equal(JobStatus.Finished, result.Status);
        Assert.Equal(seconds, result.Makespan.TotalSeconds, 0.01);
        Assert.Equal(40, result.CriticalPath.TotalSeconds, 0.01);
        Assert.Equal(640.0 / (workers * seconds), result.Utilisation, 0.001);
        Assert.Equal(result.Items, result.Attempts);
    }

    [Fact]
    public void Run_IsTheSameForTheSameArguments()
    {
        WorkGraph graph = RandomGraphs.Any(new Random(4), 200);
        SimulationOptions options = Real(4) with { LostNodes = 0.5, Replacement = TimeSpan.FromSeconds(60) };

        Assert.Equal(ClusterSimulator.Run(graph, options), ClusterSimulator.Run(graph, options));
        Assert.NotEqual(ClusterSimulator.Run(graph, options).Makespan, ClusterSimulator.Run(graph, options with { Seed = 6 }).Makespan);
    }

    [Fact]
    public void Run_NeverBeatsTheChainTheWorkOrTheStoreAndAccountsForEverySecond()
    {
        foreach (int seed in Enumerable.Range(0, 30))
        {
            WorkGraph graph = RandomGraphs.Any(new Random(seed), 150);
            SimulationOptions options = Real(1 + (seed % 4)) with { Seed = (ulong)seed, LostNodes = seed % 3 == 0 ? 0.3 : 0, Replacement = TimeSpan.FromSeconds(30) };

            SimulationResult result = ClusterSimulator.Run(graph, options);

            Assert.Equal(JobStatus.Finished, result.Status);
            Assert.Equal(graph.Items.Length, result.Items);
            Assert.True(result.Attempts >= result.Items);
            Assert.True(result.ComputeSeconds + result.TransferSeconds + result.WastedSeconds <= result.WorkerSeconds * (1 + 1e-9), $"seed {seed}");
            Assert.True(result.Makespan.TotalSeconds * options.Cluster.StoreBytesPerSecond >= result.BytesRead + result.BytesWritten, $"seed {seed}");
        }
    }

    [Fact]
    public void SlowStore_IsTheLimit()
    {
        WorkGraph graph = GridGraphs.Passes(1, 1, 64, new WorkCost(1e10, 1_000_000_000, 0, 0, 0), default);
        SimulationOptions options = Ideal(16, 4);

        SimulationResult result = ClusterSimulator.Run(graph, options with { Cluster = options.Cluster with { StoreBytesPerSecond = 1e9 } });

        // 64 GB at 1 GB/s; the last item computes for 10 ms behind its bytes.
        Assert.Equal(64, result.Makespan.TotalSeconds, 0.02);
        Assert.Equal(64e9, result.BytesRead, 1.0);
    }

    [Fact]
    public void Worker_DoesNotReadWhatItMadeItself()
    {
        WorkGraph graph = GridGraphs.Passes(1, 10, 4, TenSeconds, default);
        SimulationOptions options = Ideal(4, 1);

        SimulationResult near = ClusterSimulator.Run(graph, options);
        SimulationResult far = ClusterSimulator.Run(graph, options with { Cluster = options.Cluster with { CacheBytes = 0 } });

        // Every shard stays with its worker, so that only the first block reads.
        Assert.Equal(4e6, near.BytesRead);
        Assert.Equal(40e6, far.BytesRead);
    }

    [Fact]
    public void Node_ReadsWeightsOnceForAllItsWorkers()
    {
        WorkGraph graph = GridGraphs.Passes(1, 1, 40, new WorkCost(1e12, 0, 0, 100, 0), default);

        SimulationResult kept = ClusterSimulator.Run(graph, Ideal(4, 2));
        SimulationResult dropped = ClusterSimulator.Run(graph, Ideal(4, 2) with { Cluster = Ideal(4, 2).Cluster with { NodeWeightBytes = 0 } });

        Assert.Equal(400, kept.BytesRead);
        Assert.Equal(4000, dropped.BytesRead);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void LostNodes_CostTimeAndNothingElse(bool detected)
    {
        WorkGraph graph = GridGraphs.Passes(2, 4, 64, TenSeconds, default);
        SimulationOptions options = Real(8) with { LostNodes = 0.25, LossDetection = detected ? TimeSpan.FromSeconds(10) : null };

        SimulationResult result = ClusterSimulator.Run(graph, options);

        Assert.Equal(JobStatus.Finished, result.Status);
        Assert.Equal(2, result.LostNodes);
        Assert.Equal(graph.Items.Length, result.Items);
        Assert.True(result.CostOfLosses > 0);
        Assert.True(result.WastedSeconds > 0);
        Assert.True(result.Attempts <= result.Items + result.Twins + (result.LostNodes * 2 * options.Cluster.WorkersPerNode), $"{result}");
    }

    [Fact]
    public void Replacement_MakesLossesCheaper()
    {
        WorkGraph graph = GridGraphs.Passes(2, 4, 64, TenSeconds, default);
        SimulationOptions options = Real(8) with { LostNodes = 0.5 };

        SimulationResult alone = ClusterSimulator.Run(graph, options);
        SimulationResult replaced = ClusterSimulator.Run(graph, options with { Replacement = TimeSpan.FromSeconds(20) });

        Assert.True(replaced.CostOfLosses < alone.CostOfLosses, $"{replaced.CostOfLosses} {alone.CostOfLosses}");
    }

    [Fact]
    public void Checkpoints_SaveWorkOfLostNodes()
    {
        WorkGraph graph = GridGraphs.Passes(1, 1, 16, new WorkCost(4e14, 0, 0, 0, 0), default);
        SimulationOptions options = Ideal(16, 1) with { LostNodes = 0.5, LossDetection = TimeSpan.FromSeconds(1), Replacement = TimeSpan.FromSeconds(2) };

        SimulationResult without = ClusterSimulator.Run(graph, options);
        SimulationResult with = ClusterSimulator.Run(graph, options with { CheckpointLayers = 1 });

        Assert.True(with.Makespan < without.Makespan, $"{with.Makespan} {without.Makespan}");
    }

    [Fact]
    public void Stragglers_AreOvertakenByTwins()
    {
        WorkGraph graph = GridGraphs.Passes(1, 1, 256, TenSeconds, default);
        SimulationOptions options = Real(16) with { AttemptSpread = 1 };
        SchedulerOptions patient = options.Scheduling with { StragglerFloor = TimeSpan.FromDays(1) };

        SimulationResult twins = ClusterSimulator.Run(graph, options);
        SimulationResult none = ClusterSimulator.Run(graph, options with { Scheduling = patient });

        Assert.True(twins.Twins > 0);
        Assert.Equal(0, none.Twins);
        Assert.True(twins.Makespan < none.Makespan, $"{twins.Makespan} {none.Makespan}");
    }

    [Fact]
    public void Cluster_WithoutTheMemoryCannotGoOn()
    {
        SimulationResult result = ClusterSimulator.Run(GridGraphs.Passes(1, 1, 2, new WorkCost(1, 0, 0, 0, 1L << 40), default), Ideal(1, 1));

        Assert.Equal(JobStatus.Running, result.Status);
        Assert.Contains("bytes of memory", result.Cause, StringComparison.Ordinal);
    }

    [Fact]
    public void Cluster_WhoseNodesAllDieCannotGoOn()
    {
        SimulationResult result = ClusterSimulator.Run(GridGraphs.Passes(1, 4, 16, TenSeconds, default), Ideal(2, 2) with { LostNodes = 1 });

        Assert.Equal(JobStatus.Running, result.Status);
        Assert.Equal("no worker is left", result.Cause);
    }

    [Fact]
    public void Options_OutsideTheirRangesAreAllNamed()
    {
        SimulationOptions options = Ideal(0, 1) with { LostNodes = 2, AttemptSpread = -1 };

        ArgumentException exception = Assert.Throws<ArgumentException>(() => ClusterSimulator.Run(new WorkGraph([]), options));

        Assert.Contains("found 0 × 1", exception.Message, StringComparison.Ordinal);
        Assert.Contains("found 2", exception.Message, StringComparison.Ordinal);
        Assert.Contains("spread", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Journal_OfARunReplaysAndCanBeSimulatedAgain()
    {
        WorkGraph graph = GridGraphs.Passes(2, 3, 24, TenSeconds, default);
        SimulationOptions options = Real(3) with { LostNodes = 0.34, Replacement = TimeSpan.FromSeconds(20) };
        List<SchedulerInput> journal = [];
        SimulationResult result = ClusterSimulator.Run(graph, options, journal.Add);

        RecordedRun run = RecordedRun.Read(journal);

        Assert.Equal(JobStatus.Finished, run.End.Status);
        Assert.Equal(result.Makespan.TotalSeconds, run.Duration.TotalSeconds, 0.01);
        Assert.Equal(result.Items, run.Attempts.Count(attempt => attempt.Counted));
        Assert.Equal(graph.Items.Length, run.Seconds.Count);

        SimulationResult again = ClusterSimulator.Run(graph, Ideal(3, 4) with { RecordedSeconds = run.Seconds });
        Assert.Equal(result.UndisturbedMakespan.TotalSeconds, again.Makespan.TotalSeconds, 0.1 * result.UndisturbedMakespan.TotalSeconds);
    }
}
