using System.Diagnostics;
using System.Globalization;
using System.Text;
using MambaQuant.Dashboard.Hosting;
using MambaQuant.Dashboard.Tests;
using MambaQuant.Dashboard.Watching;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Local;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Telemetry;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Recipes;
using MambaQuant.Testing;

namespace MambaQuant.Reports;

/// <summary>One job again and again, in turns without a page and with ever more of them.</summary>
internal static class DashboardCost
{
    private static readonly int?[] Cases = [null, 0, 1, 20];

    /// <summary>What serving alone takes: nothing else runs in this process, so nothing hides it.</summary>
    /// <param name="seconds">How long each case is looked at.</param>
    public static async Task<string> AloneAsync(int seconds)
    {
        var text = new StringBuilder("## What serving takes by itself\n\n");
        text.Append(CultureInfo.InvariantCulture, $"A process that only serves a job of ten thousand items, of which ten are done, and all of eight workers are further, twenty times a second; {seconds} s each after one round to warm up. The job is made up in the same process, which is what the row without a page takes. Share = processor time of that process a second, of all {Environment.ProcessorCount} processors: the most that a job beside it can lose.\n\n| | share |\n|---|---:|\n");
        bool isWarm = false;
        foreach (int pages in (int[])[1, 0, 1, 20])
        {
            var source = new MadeUpSource();
            MadeUpJob job = source.Add(MadeUpPlan.Large());
            await using DashboardServer server = await DashboardServer.StartAsync(source, new DashboardOptions(), TimeProvider.System, CancellationToken.None);
            using ChildProcess? readers = pages > 0 ? ChildProcess.Start("dotnet", DashboardCommand.Readers(server.Address, pages)) : null;
            if (readers is not null)
            {
                await DashboardReaders.OpenAsync(readers, pages);
            }

            using var process = Process.GetCurrentProcess();
            TimeSpan before = process.TotalProcessorTime;
            long started = Stopwatch.GetTimestamp();
            for (int step = 0; Stopwatch.GetElapsedTime(started).TotalSeconds < seconds; step++)
            {
                int first = 10 * step % 10_000;
                job.Set(ItemStatus.Done, Enumerable.Range(first, 10));
                job.Workers([.. Enumerable.Range(0, 8).Select(worker => new WorkerOverview($"worker-{worker}", "processors", first + worker, 1, step, 10_000, "tokens", step / 20.0, step))]);
                await Task.Delay(50);
            }

            process.Refresh();
            double share = (process.TotalProcessorTime - before).TotalSeconds / Stopwatch.GetElapsedTime(started).TotalSeconds / Environment.ProcessorCount;
            if (isWarm)
            {
                text.Append(CultureInfo.InvariantCulture, $"| {Name(pages)} | {100 * share:F2} % |\n");
            }

            isWarm = true;
            Console.Error.WriteLine($"alone, {Name(pages)}: {100 * share:F2} %");
        }

        return text.Append('\n').ToString();
    }

    /// <summary>Measures.</summary>
    /// <param name="model">Folder of the model.</param>
    /// <param name="calibration">Text.</param>
    /// <param name="samples">Sequences.</param>
    /// <param name="rounds">Turns.</param>
    public static string Measure(string model, string calibration, int samples, int rounds)
    {
        var runs = Cases.Select(_ => new List<(double Wall, double Cpu)>()).ToArray();
        for (int round = -1; round < rounds; round++)
        {
            for (int turn = 0; turn < Cases.Length; turn++)
            {
                // Who begins changes, so that a machine that grows warm or busy harms nobody more than others.
                int which = (turn + Math.Max(0, round)) % Cases.Length;
                (double Wall, double Cpu) run = Run(model, calibration, samples, Cases[which]);
                Console.Error.WriteLine($"round {round}, {Name(Cases[which])}: {run.Wall:F2} s, {run.Cpu:F2} s of processors");
                if (round >= 0)
                {
                    runs[which].Add(run);
                }
            }
        }

        var text = new StringBuilder("## What it costs the job\n\n");
        text.Append(CultureInfo.InvariantCulture, $"`mambaquant` W8A8 of {Path.GetFileName(model)} on {samples} × {DashboardCommand.SequenceLength} tokens by `LocalEngine`, {rounds} turns after one to warm up; medians, and the middle half of the turns. The pages are another process of the same machine, which reads what a page reads and draws nothing: a browser is usually elsewhere. ");
        text.Append("Processor time is that of the process that quantizes and serves, so other programs do not count; wall time has the readers in it. Over = against no server.\n\n");
        text.Append("| | processor s | middle half | over | wall s | over |\n|---|---:|---:|---:|---:|---:|\n");
        double cpu = Median(runs[0].Select(run => run.Cpu)), wall = Median(runs[0].Select(run => run.Wall));
        for (int which = 0; which < Cases.Length; which++)
        {
            double[] times = [.. runs[which].Select(run => run.Cpu).Order()];
            double ownCpu = Median(times), ownWall = Median(runs[which].Select(run => run.Wall));
            text.Append(
                CultureInfo.InvariantCulture,
                $"| {Name(Cases[which])} | {ownCpu:F2} | {times[times.Length / 4]:F2} to {times[times.Length * 3 / 4]:F2} | {Over(ownCpu / cpu)} | {ownWall:F2} | {Over(ownWall / wall)} |\n");
        }

        return text.Append('\n').ToString();
    }

    /// <summary>What the pictures of the method take of a job, from end to end.</summary>
    /// <param name="model">Folder of the model.</param>
    /// <param name="calibration">Text.</param>
    /// <param name="samples">Sequences.</param>
    /// <param name="rounds">Runs.</param>
    public static string Pictures(string model, string calibration, int samples, int rounds)
    {
        double pictures = 0, items = 0;
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == TelemetryNames.Source,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = span =>
            {
                lock (Cases)
                {
                    pictures += span.OperationName == KernelGroups.Picture ? span.Duration.TotalSeconds : 0;
                    items += span.OperationName.StartsWith(TelemetryNames.ItemSpan, StringComparison.Ordinal) ? span.Duration.TotalSeconds : 0;
                }
            },
        };
        Run(model, calibration, samples, pages: null); // compiles everything
        ActivitySource.AddActivityListener(listener);
        for (int round = 0; round < rounds; round++)
        {
            Run(model, calibration, samples, pages: null);
        }

        Console.Error.WriteLine($"pictures: {pictures:F3} s of {items:F2} s");
        return string.Create(CultureInfo.InvariantCulture, $"## What the pictures cost\n\nDrawing and putting the pictures took {1000 * pictures / rounds:F0} ms of the {items / rounds:F2} s that the workers of the job below were at its items, from its first to its last: {100 * pictures / items:F2} % (mean of {rounds} runs, spans of telemetry).\n\n");
    }

    private static (double Wall, double Cpu) Run(string model, string calibration, int samples, int? pages)
    {
        using var folder = new TemporaryDirectory();
        using var kernels = new CpuKernels();
        var watch = new RunWatch();
        QuantizeOptions options = QuantizeOptions.Of(model, folder.File("out"), RecipePresets.Get(RecipePresets.MambaQuant)) with
        {
            Calibration = new CalibrationOptions { Source = calibration, Samples = samples, SequenceLength = DashboardCommand.SequenceLength },
            Watch = watch,
        };
        DashboardServer? server = pages is null ? null : DashboardServer.StartAsync(
            new LocalJobSource(watch, "a measurement", TimeProvider.System), new DashboardOptions(), TimeProvider.System, CancellationToken.None).GetAwaiter().GetResult();
        ChildProcess? readers = pages > 0 ? ChildProcess.Start("dotnet", DashboardCommand.Readers(server!.Address, pages.Value)) : null;
        if (readers is not null)
        {
            DashboardReaders.StartedAsync(readers).GetAwaiter().GetResult(); // the runtime of the other process starts before the clock does
        }

        using var process = Process.GetCurrentProcess();
        TimeSpan before = process.TotalProcessorTime;
        long started = Stopwatch.GetTimestamp();
        new LocalEngine(kernels, TimeProvider.System).Quantize(options, new Progress<StageProgress>(), CancellationToken.None);
        double wall = Stopwatch.GetElapsedTime(started).TotalSeconds;
        process.Refresh();
        double cpu = (process.TotalProcessorTime - before).TotalSeconds;
        server?.DisposeAsync().AsTask().GetAwaiter().GetResult();
        readers?.Dispose();
        return (wall, cpu);
    }

    /// <summary>A ratio as what is over one, in percent.</summary>
    /// <param name="ratio">The ratio.</param>
    public static string Over(double ratio) => Math.Round(100 * (ratio - 1), 1, MidpointRounding.ToEven) is var percent && percent == 0 ? "0.0 %" : percent.ToString("+0.0;-0.0", CultureInfo.InvariantCulture) + " %";

    /// <summary>A case for people.</summary>
    /// <param name="pages">Pages that are open; null where nothing serves them.</param>
    public static string Name(int? pages) => pages switch { null => "no server", 0 => "server, no page", 1 => "1 page", _ => $"{pages} pages" };

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(values.Count() / 2);
}
