using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using MambaQuant.Grains.Contracts;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Testing;

namespace MambaQuant.Reports.Cluster;

/// <summary>What the cluster costs: the job grain with slots that take no time, coming back on another silo, and real silos beside the embedded engine.</summary>
internal static class ClusterCommand
{
    private static readonly string[] Known = ["tests", "grain", "overhead", "notice", "kills"];

    private static readonly Option<FileInfo?> Output = new("--out") { Description = "markdown file to write; standard output without it" };
    private static readonly Option<int[]> Slots = new("--slots")
    {
        Description = "slots that report at once; several one after the other",
        DefaultValueFactory = _ => [1, 8, 64, 256],
        AllowMultipleArgumentsPerToken = true,
    };

    private static readonly Option<int> Seconds = new("--seconds") { Description = "how long each is measured", DefaultValueFactory = _ => 10 };

    private static readonly Option<int> Pairs = new("--pairs") { Description = "pairs of quantize and submit, of a minute or two each", DefaultValueFactory = _ => 5 };

    private static readonly Option<FileInfo?> Calibration = new("--calibration") { Description = "text that those calibrate on (train split); what the model writes itself without it" };

    private static readonly Option<int> Repeats = new("--repeats") { Description = "silos that come and go, each measurement", DefaultValueFactory = _ => 10 };

    private static readonly Option<int> Kills = new("--kills") { Description = "silos that are killed at random", DefaultValueFactory = _ => 20 };

    private static readonly Option<string[]> Parts = new("--parts")
    {
        Description = "what is measured; what is not stays as the file of --out has it",
        DefaultValueFactory = _ => Known,
        AllowMultipleArgumentsPerToken = true,
    };

    private static readonly Option<FileInfo[]> Tests = new("--tests")
    {
        Description = "result files of the cluster's tests, written by 'dotnet test PROJECT --logger trx' on this machine; the tests are run without it",
        DefaultValueFactory = _ => [],
        AllowMultipleArgumentsPerToken = true,
    };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        Parts.AcceptOnlyFromAmong(Known);
        var command = new Command("cluster", "What the cluster costs: transitions a second, coming back, real silos beside the embedded engine, coming and going.")
        {
            Output, Parts, Slots, Seconds, Pairs, Calibration, Repeats, Kills, Tests,
        };
        command.SetAction(async (parsed, _) =>
        {
            using var laboratory = new Laboratory();
            var report = new ReportSections(parsed.GetValue(Output), "Cluster", laboratory);
            string[] parts = parsed.GetValue(Parts)!;
            if (parts.Contains("tests"))
            {
                report.Put(parsed.GetValue(Tests) is { Length: > 0 } results ? ClusterTests.Read(results) : ClusterTests.Run());
            }

            if (parts.Contains("grain"))
            {
                report.Put(await TransitionsAsync(parsed.GetValue(Slots)!, TimeSpan.FromSeconds(parsed.GetValue(Seconds))));
                report.Put(await RecoveryAsync());
            }

            (string Part, Func<Task<string>> Measure)[] real =
            [
                ("overhead", () => Overhead.MeasureAsync(parsed.GetValue(Pairs), parsed.GetValue(Calibration)?.FullName)),
                ("notice", () => ComingAndGoing.MeasureAsync(parsed.GetValue(Repeats))),
                ("kills", () => RandomKills.RunAsync(parsed.GetValue(Kills))),
            ];
            foreach ((string part, Func<Task<string>> measure) in real.Where(each => parts.Contains(each.Part)))
            {
                if (RedisServer.MissingReason is { } reason)
                {
                    Say($"{part}: not measured; {reason}");
                    continue;
                }

                report.Put(await measure());
            }

            report.Write();
        });
        return command;
    }

    /// <summary>Tells whoever waits how far it is.</summary>
    /// <param name="progress">The words.</param>
    internal static void Say(string progress) => Console.Error.WriteLine($"{TimeProvider.System.GetLocalNow():HH:mm:ss} {progress}");

    private static WorkPlan Plan()
    {
        using var kernels = new CpuKernels(new CpuKernelsOptions { Threads = 1 });
        return new SchedulingJob("mamba-2.8b", 4096, 2048, new PlanOptions { Blocks = 33, Shards = 1024 }).Plan(kernels.Profile);
    }

    private static async Task<string> TransitionsAsync(int[] counts, TimeSpan span)
    {
        var text = new StringBuilder();
        WorkPlan plan = Plan();
        text.Append("## The job grain\n\n");
        text.Append(CultureInfo.InvariantCulture, $"A job of {plan.Graph.Items.Length:N0} items on one silo, Orleans {Orleans}, slots that take no time and report over loopback TCP through a client, each its next report once the last one is answered; the journal in a folder store on this machine's disk. A transition is an item given out or made; aim: 2,000 a second.\n\n");
        text.Append("| slots | transitions/s | commits | transitions a commit | a report takes ms |\n|---:|---:|---:|---:|---:|\n");
        foreach (int slots in counts)
        {
            Say($"{slots} slots that report");
            using var folder = new TemporaryDirectory();
            IArtifactStore store = DirectoryArtifactStore.OpenOrCreate(folder.File("store"));
            await StoredPlans.PutAsync(store, plan, CancellationToken.None);
            await using BareCluster cluster = await BareCluster.StartAsync(store, folder.File("scratch"));
            await cluster.OpenAsync(plan.Id);
            SlotCrowd crowd = await SlotCrowd.JoinAsync(cluster, plan, slots);
            await crowd.WorkAsync(TimeSpan.FromSeconds(1), int.MaxValue);
            long began = Stopwatch.GetTimestamp();
            int commits = await CommitsAsync(store, plan.Id), made = await crowd.WorkAsync(span, int.MaxValue);
            double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
            commits = await CommitsAsync(store, plan.Id) - commits;
            text.Append(CultureInfo.InvariantCulture, $"| {slots:N0} | {2 * made / seconds:N0} | {commits:N0} | {2d * made / Math.Max(1, commits):F1} | {1000 * seconds * slots / Math.Max(1, made):F1} |\n");
        }

        return text.Append('\n').ToString();
    }

    private static async Task<string> RecoveryAsync()
    {
        Say("coming back");
        WorkPlan plan = Plan();
        using var folder = new TemporaryDirectory();
        IArtifactStore store = DirectoryArtifactStore.OpenOrCreate(folder.File("store"));
        await StoredPlans.PutAsync(store, plan, CancellationToken.None);
        int made;
        await using (BareCluster cluster = await BareCluster.StartAsync(store, folder.File("scratch")))
        {
            await cluster.OpenAsync(plan.Id);
            SlotCrowd crowd = await SlotCrowd.JoinAsync(cluster, plan, 256);
            made = await crowd.WorkAsync(TimeSpan.FromMinutes(2), plan.Graph.Items.Length / 2);
        }

        await using BareCluster next = await BareCluster.StartAsync(store, folder.File("scratch"));
        long began = Stopwatch.GetTimestamp();
        JobView view = await next.OpenAsync(plan.Id);
        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        began = Stopwatch.GetTimestamp();
        await StoredPlans.ReadAsync(store, plan.Id, CancellationToken.None);
        double planned = Stopwatch.GetElapsedTime(began).TotalSeconds;
        began = Stopwatch.GetTimestamp();
        await Journal.RecoverAsync(store, plan.Id, plan.Graph, CancellationToken.None);
        double replayed = Stopwatch.GetElapsedTime(began).TotalSeconds;
        int commits = await CommitsAsync(store, plan.Id);
        return string.Create(CultureInfo.InvariantCulture, $"## Coming back\n\nThe same job, with {made:N0} items made and {commits:N0} commits, on a silo that was started after the first one stopped: {seconds:F1} s from the first call to the first commit of the new owner, {view.Made:N0} items made (aim: below 5 s). A second time in the same process, reading the plan alone takes {planned:F1} s, reading snapshot and journal {replayed:F1} s.\n");
    }

    private static string Orleans => ClusterTests.VersionOf(typeof(Grain).Assembly.Location);

    private static async Task<int> CommitsAsync(IArtifactStore store, string job)
    {
        int count = 0;
        await foreach (ArtifactInfo _ in store.ListAsync($"jobs/{job}/journal/", CancellationToken.None))
        {
            count++;
        }

        return count;
    }
}
