using System.Diagnostics;
using System.Globalization;
using System.Text;
using MambaQuant.Grains.Contracts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Silo.Tests.Running;
using MambaQuant.Testing;

namespace MambaQuant.Reports.Cluster;

/// <summary>Clusters of real processes on this machine: what they cost beside the embedded engine, and how soon they notice who comes and goes.</summary>
internal static class RealRuns
{
    // The defaults of a silo, not the short leases of tests.
    private static readonly string[] Defaults = [];

    /// <summary>The same job by two silos with a slot each, and by <c>quantize</c> with two workers, in turns.</summary>
    /// <param name="repeats">How often.</param>
    public static async Task<string> OverheadAsync(int repeats)
    {
        string model = Path.Combine(ProgramFile.Root(), "samples", "mamba-5m");
        using var folder = new TemporaryDirectory();
        var times = new List<(double Alone, double Cluster)>();
        int different = 0;
        for (int seed = 0; seed <= repeats; seed++)
        {
            // A store and silos of its own for each, so that nothing is there already.
            string[] job = [model, "--samples", "64", "--seq-len", "512", "--shards", "4", "--blocks", "2", "--seed", Text(seed)];
            string alone = folder.File($"alone-{seed}"), together = folder.File($"cluster-{seed}");
            double embedded = Run(["quantize", .. job, "--workers", "2", "--out", alone]);
            await using RealCluster cluster = await RealCluster.StartAsync(2, more: Defaults);
            double spread = Run(["submit", .. job, "--store", cluster.Location, "--clustering", "redis", "--redis", cluster.Redis.ConnectionString, "--wait", "--out", together]);
            different += KilledRuns.HashOf(alone) == KilledRuns.HashOf(together) ? 0 : 1;
            if (seed > 0)
            {
                times.Add((embedded, spread)); // the first pair warms the disk's cache
            }
        }

        double one = Median(times.Select(pair => pair.Alone)), two = Median(times.Select(pair => pair.Cluster));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"## Beside the embedded engine\n\nmamba-5m, `mambaquant` W8A8, 64 × 512 tokens that the model writes itself, 4 shards in 2 blocks; {repeats} pairs in turns, whole commands from start to end, checkpoint downloaded: `quantize --workers 2` median {one:F1} s, `submit --wait` to two silos with one slot and one thread each {two:F1} s: {two / one:F2} times (aim: 1.10; pairs: {string.Join(", ", times.Select(pair => (pair.Cluster / pair.Alone).ToString("F2", CultureInfo.InvariantCulture)))}). Checkpoints that differ in any byte: {different}.\n\n");
    }

    /// <summary>How soon a cluster notices who comes and who goes.</summary>
    /// <param name="repeats">How often each.</param>
    public static async Task<string> NoticeAsync(int repeats)
    {
        List<double> joined = [], replaced = [], adopted = [];
        using var job = new RealJob();
        for (int repeat = 0; repeat < repeats; repeat++)
        {
            joined.Add(await JoinAsync(job));
            replaced.Add(await KillAsync(job, isOwner: false));
            adopted.Add(await KillAsync(job, isOwner: true));
        }

        var text = new StringBuilder("## Coming and going\n\n");
        text.Append(CultureInfo.InvariantCulture, $"Three silos on loopback, Redis, default settings (lease 15 s, heartbeat 3 s); seconds, median and worst of {repeats}.\n\n| | median s | worst s | aim s |\n|---|---:|---:|---:|\n");
        Row("a silo that has joined gets its first item", joined, 5);
        Row("kill -9 of a silo: its slot's item is given to another", replaced, 20);
        Row("kill -9 of the silo that drives the job: another drives it and gives out items", adopted, 60);
        return text.Append('\n').ToString();

        void Row(string what, List<double> seconds, int aim) => text.Append(CultureInfo.InvariantCulture, $"| {what} | {Median(seconds):F1} | {seconds.Max():F1} | {aim} |\n");
    }

    private static async Task<double> JoinAsync(RealJob job)
    {
        await using RealCluster cluster = await RealCluster.StartAsync(2, more: Defaults);
        WorkPlan plan = await job.PutAsync(cluster.Store, seed: 2, size: 96);
        await cluster.SubmitAsync(plan);
        await cluster.WatchAsync(plan, view => view.Made > 1);
        SiloProcess late = cluster.Add();
        await late.WaitUntilReadyAsync();
        long started = Stopwatch.GetTimestamp();
        JobView view = await cluster.WatchAsync(plan, view => view.HasEnded || Works(late, view));
        return Works(late, view) ? Stopwatch.GetElapsedTime(started).TotalSeconds : throw new InvalidOperationException("the job was over before the late silo got anything");
    }

    private static async Task<double> KillAsync(RealJob job, bool isOwner)
    {
        await using RealCluster cluster = await RealCluster.StartAsync(3, more: Defaults);
        WorkPlan plan = await job.PutAsync(cluster.Store, seed: 2, size: 384);
        await cluster.SubmitAsync(plan);
        JobView view = await cluster.WatchAsync(plan, view => view.Made > 1 && (isOwner ? cluster.OwnerOf(view) is not null : cluster.WorkerOf(view) is not null));
        SiloProcess killed = (isOwner ? cluster.OwnerOf(view) : cluster.WorkerOf(view))!;
        string? lost = view.Slots.FirstOrDefault(slot => slot.Slot.StartsWith(killed.Name + "/", StringComparison.Ordinal))?.Item;
        killed.Process.Kill();
        long started = Stopwatch.GetTimestamp();
        await cluster.WatchAsync(plan, now => isOwner
            ? now.Phase == JobPhase.Running && cluster.OwnerOf(now) is { } owner && owner != killed && now.Slots.Any(slot => slot.Item is not null)
            : now.Slots.Any(slot => slot.Item == lost && !slot.Slot.StartsWith(killed.Name + "/", StringComparison.Ordinal)));
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static bool Works(SiloProcess silo, JobView view) => view.Slots.Any(slot => slot.Item is not null && slot.Slot.StartsWith(silo.Name + "/", StringComparison.Ordinal));

    private static double Run(string[] arguments)
    {
        long started = Stopwatch.GetTimestamp();

        // Beside this program lie only the libraries that its own frameworks do not bring.
        string runtime = Path.Combine(AppContext.BaseDirectory, "mambaquant-reports.runtimeconfig.json");
        using ChildProcess process = ChildProcess.Start("dotnet", ["exec", "--runtimeconfig", runtime, ProgramFile.CommandLine, .. arguments]);
        int code = process.WaitForEnd(TimeSpan.FromMinutes(10));
        return code == 0 ? Stopwatch.GetElapsedTime(started).TotalSeconds : throw new InvalidOperationException($"'{string.Join(' ', arguments)}' ended with {code}:\n{process.Printed}");
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static double Median(IEnumerable<double> values) => values.Order().ToArray() is var sorted && sorted.Length % 2 == 1
        ? sorted[sorted.Length / 2]
        : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
}
