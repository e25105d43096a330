using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Pipeline.Scheduling.Outputs;
using MambaQuant.Testing;

namespace MambaQuant.Reports;

/// <summary>What a journal in a folder costs: a large job driven to its end by the embedded driver, and taken over from its journal by another owner.</summary>
internal static class JournalCommand
{
    private const string Job = "journal-cost";
    private const int Blocks = 33;
    private const int Shards = 1024;

    private static readonly Option<FileInfo?> Output = new("--out") { Description = "markdown file to write; standard output without it" };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("journal", "What the journal of a large job costs: transitions a second, and the time to take it over.") { Output };
        command.SetAction(parsed =>
        {
            using var laboratory = new Laboratory();
            var job = new SchedulingJob("mamba-2.8b", 4096, 2048, new PlanOptions { Blocks = Blocks, Shards = Shards });
            ReportFile.Write(parsed.GetValue(Output), "Journal", laboratory, Measure(job.Plan("any").Graph));
        });
        return command;
    }

    private static string Measure(WorkGraph graph)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"The plan of mamba-2.8b cut into {Blocks} blocks × {Shards} shards, {graph.Items.Length:N0} items, driven to their end by `SchedulerDriver` with workers that take no time, journal and snapshots in a folder store on this machine's disk; then opened by a new owner (aims: 2,000 transitions a second, recovery in less than 5 s). A transition is an item given out or made. A chunk is one commit: with few workers it holds few records. At worst: without the newest snapshot, as just before it was put.\n\n");
        text.Append("| workers | transitions/s | chunks | records | snapshots | recovery s | records replayed | at worst s | records replayed | the whole journal instead s |\n|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n");
        foreach (int workers in new[] { 1, 8, 1024 })
        {
            using var folder = new TemporaryDirectory();
            Row(text, graph, workers, DirectoryArtifactStore.OpenOrCreate(folder.File("store"))).GetAwaiter().GetResult();
        }

        return text.Append('\n').ToString();
    }

    private static async Task Row(StringBuilder text, WorkGraph graph, int workers, IArtifactStore store)
    {
        long started = Stopwatch.GetTimestamp();
        int transitions = await DriveAsync(graph, workers, store);
        double driven = Stopwatch.GetElapsedTime(started).TotalSeconds;
        started = Stopwatch.GetTimestamp();
        JournalRecovery recovery = await Journal.RecoverAsync(store, Job, graph, CancellationToken.None);
        double recovered = Stopwatch.GetElapsedTime(started).TotalSeconds;
        started = Stopwatch.GetTimestamp();
        JournalReplay replay = await Journal.ReplayAsync(store, Job, graph, CancellationToken.None);
        double replayed = Stopwatch.GetElapsedTime(started).TotalSeconds;
        if (recovery.State.Describe() != replay.State.Describe() || recovery.State.Status != JobStatus.Finished)
        {
            throw new InvalidOperationException("the snapshot and the whole journal tell different things");
        }

        if (recovery.SnapshotChunk > 0)
        {
            await store.DeleteAsync(JournalSnapshots.NameOf(Job, recovery.SnapshotChunk), CancellationToken.None);
        }

        started = Stopwatch.GetTimestamp();
        JournalRecovery worst = await Journal.RecoverAsync(store, Job, graph, CancellationToken.None);
        double atWorst = Stopwatch.GetElapsedTime(started).TotalSeconds;
        int snapshots = (await JournalSnapshots.OldAsync(store, Job, CancellationToken.None)).Length + (worst.SnapshotChunk > 0 ? 2 : 1);
        text.Append(
            CultureInfo.InvariantCulture,
            $"| {workers:N0} | {transitions / driven:N0} | {recovery.Chunks:N0} | {replay.Records.Length:N0} | {snapshots} | {recovered:F2} | {recovery.Records:N0} | {atWorst:F2} | {worst.Records:N0} | {replayed:F2} |\n");
    }

    private static async Task<int> DriveAsync(WorkGraph graph, int workers, IArtifactStore store)
    {
        SchedulerDriver driver = await SchedulerDriver.OpenAsync(store, Job, graph, "first", TimeProvider.System, _ => true, CancellationToken.None);
        driver.Post(new JobSubmitted(driver.Now, Job, "any", new SchedulerOptions(), []) { Graph = graph });
        for (int worker = 0; worker < workers; worker++)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"worker-{worker}");
            driver.Post(new WorkerJoined(driver.Now, name, long.MaxValue, "any"));
            driver.Post(new WorkRequested(driver.Now, name));
        }

        int transitions = 0;
        while (driver.State.Status != JobStatus.Finished)
        {
            foreach (Assign assign in (await driver.NextAsync(CancellationToken.None)).OfType<Assign>())
            {
                transitions += 2;
                string checksum = graph.Items[assign.Item].Key.Text;
                driver.Post(new WorkCompleted(driver.Now, assign.Worker, assign.Item, assign.Attempt, checksum, Asks: true));
            }
        }

        return transitions;
    }
}
