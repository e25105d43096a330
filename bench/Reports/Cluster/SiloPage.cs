using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using MambaQuant.Grains.Jobs;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Inputs;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Silo.Tests.Running;
using MambaQuant.Testing;

namespace MambaQuant.Reports.Cluster;

/// <summary>The page of a silo: what it costs the jobs of that silo, and how late it is.</summary>
internal sealed class SiloPage : IAsyncDisposable
{
    private const string Heading = "## The page of a silo\n\n", Data = "data: ", Token = "0123456789abcdef";

    private static readonly int[] Cases = [0, 1, 20];
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(2);

    private readonly int _port;
    private readonly RealCluster _cluster;
    private readonly string[] _job;
    private readonly List<double> _delays = [];
    private ulong _seed;

    private SiloPage(RealCluster cluster, int port, string[] job) => (_cluster, _port, _job) = (cluster, port, job);

    private string Address => $"http://127.0.0.1:{_port}/?token={Token}";

    /// <summary>Measures.</summary>
    /// <param name="model">Folder of the model.</param>
    /// <param name="calibration">Text.</param>
    /// <param name="samples">Sequences.</param>
    /// <param name="rounds">Turns.</param>
    public static async Task<string> MeasureAsync(string model, string calibration, int samples, int rounds)
    {
        if (RedisServer.MissingReason is { } reason)
        {
            return $"{Heading}Not measured: {reason}.\n";
        }

        int port = FreePort.Find(1)[0];
        RealCluster cluster = await RealCluster.StartAsync(1, more: ["--slots", "1", "--threads", Text(Environment.ProcessorCount), "--dashboard-port", Text(port), "--dashboard-token", Token]);
        await using var measurement = new SiloPage(cluster, port, [model, "--calibration", calibration, "--samples", Text(samples), "--seq-len", Text(DashboardCommand.SequenceLength)]);
        var runs = Cases.Select(_ => new List<(double Wall, double Cpu)>()).ToArray();
        for (int round = -1; round < rounds; round++)
        {
            for (int turn = 0; turn < Cases.Length; turn++)
            {
                int which = (turn + Math.Max(0, round)) % Cases.Length;
                (double Wall, double Cpu) run = await measurement.RunAsync(Cases[which]);
                Console.Error.WriteLine($"round {round}, silo, {DashboardCost.Name(Cases[which])}: {run.Wall:F2} s, {run.Cpu:F2} s of processors");
                if (round >= 0)
                {
                    runs[which].Add(run);
                }
                else
                {
                    measurement._delays.Clear(); // what is compiled for the first time is late
                }
            }
        }

        return measurement.Tell(Path.GetFileName(model), samples, rounds, runs);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    private string Tell(string model, int samples, int rounds, List<(double Wall, double Cpu)>[] runs)
    {
        var text = new StringBuilder(Heading);
        text.Append(CultureInfo.InvariantCulture, $"The same job of {model} ({samples} × {DashboardCommand.SequenceLength} tokens, another seed each time) submitted to one silo with one slot that serves the page, {rounds} turns after one to warm up; medians, and the middle half of the turns. Processor time is that of the silo from before the submission to the job's end; wall time is from the request in the store to the ending in it. Over = against no page.\n\n");
        text.Append("| | processor s | middle half | over | wall s | over |\n|---|---:|---:|---:|---:|---:|\n");
        double cpu = Spread.Median([.. runs[0].Select(run => run.Cpu)]), wall = Spread.Median([.. runs[0].Select(run => run.Wall)]);
        foreach ((int pages, List<(double Wall, double Cpu)> all) in Cases.Zip(runs))
        {
            double[] times = [.. all.Select(run => run.Cpu).Order()];
            double ownCpu = Spread.Median(times), ownWall = Spread.Median([.. all.Select(run => run.Wall)]);
            text.Append(
                CultureInfo.InvariantCulture,
                $"| {DashboardCost.Name(pages)} | {ownCpu:F2} | {times[times.Length / 4]:F2} to {times[times.Length * 3 / 4]:F2} | {DashboardCost.Over(ownCpu / cpu)} | {ownWall:F2} | {DashboardCost.Over(ownWall / wall)} |\n");
        }

        double[] delays = [.. _delays.Order()];
        return text.Append(
            CultureInfo.InvariantCulture,
            $"\nFrom an item's receipt in the store to the item on the stream of the one page: {delays.Length} items, median {delays[delays.Length / 2]:F0} ms, 95 % {delays[delays.Length * 95 / 100]:F0} ms, longest {delays[^1]:F0} ms. In between are the slot's report, the commit of the journal, and the quarter of a second for which a page is told at most once.\n").ToString();
    }

    private async Task<(double Wall, double Cpu)> RunAsync(int pages)
    {
        using ChildProcess? readers = pages > 1 ? ChildProcess.Start("dotnet", DashboardCommand.Readers(Address, pages)) : null;
        if (readers is not null)
        {
            await DashboardReaders.StartedAsync(readers);
        }

        // One page is read here, by the clock that reads the times of the store's files; more of them would disturb it.
        using var over = new CancellationTokenSource();
        var heard = new ConcurrentQueue<(DateTime At, string Line)>();
        Task page = pages == 1 ? DashboardReaders.ReadAsync(new Uri(Address), pages, static () => { }, line => heard.Enqueue((DateTime.UtcNow, line)), over.Token) : Task.CompletedTask;
        HashSet<string> known = [.. await JobsAsync()];
        TimeSpan before = ProcessorTime();
        ProgramFile.Run(["submit", .. _job, "--seed", Text(++_seed), "--store", _cluster.Location, "--clustering", "redis", "--redis", _cluster.Redis.ConnectionString]);
        string job = (await JobsAsync()).Single(job => !known.Contains(job));
        string ending = StoredRounds.NameOfEnding(job, 0);
        while (await _cluster.Store.HeadAsync(ending, CancellationToken.None) is null)
        {
            await Task.Delay(50);
        }

        double cpu = (ProcessorTime() - before).TotalSeconds;
        DateTime requested = Written(StoredRequests.NameOf(job));
        if (pages == 1)
        {
            await Task.Delay(LastWords); // what came last is on its way
            await over.CancelAsync();
            await page.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            await CollectAsync(job, requested, heard);
        }

        return ((Written(ending) - requested).TotalSeconds, cpu);
    }

    private async Task CollectAsync(string job, DateTime requested, IEnumerable<(DateTime At, string Line)> heard)
    {
        WorkPlan plan = await StoredPlans.ReadAsync(_cluster.Store, job, CancellationToken.None);
        foreach ((DateTime at, string line) in heard.Where(each => each.Line.StartsWith(Data, StringComparison.Ordinal)))
        {
            using JsonDocument change = JsonDocument.Parse(line.AsMemory(Data.Length));
            if (!change.RootElement.TryGetProperty("items", out JsonElement items) || items.ValueKind != JsonValueKind.Array)
            {
                continue; // the first event has all items as one text
            }

            int[] numbers = [.. items.EnumerateArray().Select(number => number.GetInt32())];
            foreach (int[] pair in numbers.Chunk(2).Where(pair => pair[1] == (int)ItemStatus.Done))
            {
                WorkItem item = plan.Graph.Items[pair[0]];
                DateTime made = Written(WorkPlan.NameOf(item.Key, ItemOutputs.Receipt));

                // Not by an earlier job; and ranges of the original are made along with its observation, long before they are given out themselves.
                if (made > requested && item.Kind != WorkKind.ObserveRanges)
                {
                    _delays.Add((at - made).TotalMilliseconds);
                }
            }
        }
    }

    private async Task<List<string>> JobsAsync()
    {
        var jobs = new List<string>();
        await foreach (ArtifactInfo plan in _cluster.Store.ListAsync("jobs/", CancellationToken.None))
        {
            string job = plan.Name.Split('/')[1];
            if (plan.Name == StoredPlans.NameOf(job))
            {
                jobs.Add(job);
            }
        }

        return jobs;
    }

    /// <summary>When the store's file of an artifact was written.</summary>
    private DateTime Written(string name) => File.GetLastWriteTimeUtc(Path.Combine(_cluster.Location, name + ArtifactName.FileSuffix));

    private TimeSpan ProcessorTime()
    {
        using Process silo = Process.GetProcessById(_cluster.Silos[0].Process.Id);
        return silo.TotalProcessorTime;
    }

    private static string Text<T>(T number)
        where T : IFormattable => number.ToString(null, CultureInfo.InvariantCulture);
}
