using System.Diagnostics;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Pipeline.Scheduling.Outputs;
using MambaQuant.Pipeline.Tests.Simulation;
using MambaQuant.Testing;
using Xunit;
using Xunit.Abstractions;

namespace MambaQuant.Pipeline.Tests.Local;

/// <summary>Alone, so that the time is its own.</summary>
[CollectionDefinition(nameof(JournalCostTests), DisableParallelization = true)]
[Collection(nameof(JournalCostTests))]
public sealed class JournalCostTests(ITestOutputHelper output) : IDisposable
{
    private const string Job = "0123456789abcdef";

    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task HundredThousandItems_AreJournalledAndTakenOverInTime()
    {
        WorkGraph graph = GridGraphs.Passes(2, 48, 1042, new WorkCost(2e13, 20_000_000, 20_000_000, 0, 1 << 30), new WorkCost(1e10, 0, 0, 0, 1 << 30));
        Assert.True(graph.Items.Length >= 100_000);
        IArtifactStore store = DirectoryArtifactStore.OpenOrCreate(_folder.File("store"));
        long started = Stopwatch.GetTimestamp();
        SchedulerState end = await DriveAsync(graph, store, workers: 256);
        TimeSpan driven = Stopwatch.GetElapsedTime(started);
        started = Stopwatch.GetTimestamp();
        JournalRecovery recovery = await Journal.RecoverAsync(store, Job, graph, CancellationToken.None);
        TimeSpan recovered = Stopwatch.GetElapsedTime(started);

        // Measured on two shared processors: 3 s (66,000 transitions a second), and 0.4 s.
        output.WriteLine($"{2 * graph.Items.Length / driven.TotalSeconds:N0} transitions a second; {recovery.Records} records behind the snapshot of chunk {recovery.SnapshotChunk} of {recovery.Chunks}, taken over in {recovered.TotalSeconds:F2} s");
        Assert.Equal(end.Describe(), recovery.State.Describe());
        Assert.True(recovery.SnapshotChunk > 0);
        Assert.True(recovery.Records <= graph.Items.Length / 8, $"{recovery.Records} records behind the last snapshot");
        Assert.True(2 * graph.Items.Length / driven.TotalSeconds > 2_000, $"{driven}");
        Assert.True(recovered < TimeSpan.FromSeconds(5), $"{recovered}");
    }

    private static async Task<SchedulerState> DriveAsync(WorkGraph graph, IArtifactStore store, int workers)
    {
        SchedulerDriver driver = await SchedulerDriver.OpenAsync(store, Job, graph, "first", TimeProvider.System, _ => true, CancellationToken.None);
        driver.Post(new JobSubmitted(driver.Now, Job, "any", new SchedulerOptions(), []) { Graph = graph });
        for (int worker = 0; worker < workers; worker++)
        {
            driver.Post(new WorkerJoined(driver.Now, $"worker-{worker}", long.MaxValue, "any"));
            driver.Post(new WorkRequested(driver.Now, $"worker-{worker}"));
        }

        while (driver.State.Status != JobStatus.Finished)
        {
            foreach (Assign assign in (await driver.NextAsync(CancellationToken.None)).OfType<Assign>())
            {
                driver.Post(new WorkCompleted(driver.Now, assign.Worker, assign.Item, assign.Attempt, graph.Items[assign.Item].Key.Text, Asks: true));
            }
        }

        Assert.Null(driver.SnapshotFailure);
        return driver.State;
    }
}
