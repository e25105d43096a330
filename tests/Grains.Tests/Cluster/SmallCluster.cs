using MambaQuant.Grains.Contracts;
using MambaQuant.Grains.Hosting;
using MambaQuant.Grains.Workers;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Execution;
using MambaQuant.Pipeline.Local;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Testing;
using Microsoft.Extensions.Logging;
using Orleans.TestingHost;
using Xunit;

namespace MambaQuant.Grains.Tests.Cluster;

/// <summary>Silos in this process, with slots of the CPU and one store.</summary>
internal sealed class SmallCluster : IAsyncDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly CpuBackends _backends = new(1);

    private SmallCluster(IArtifactStore store) => Store = store;

    public IArtifactStore Store { get; }

    public WarningList Warnings { get; } = new();

    public InProcessTestCluster Cluster { get; private set; } = null!;

    public IJobDirectoryGrain Directory => Cluster.Client.GetGrain<IJobDirectoryGrain>(0);

    public ICalibrationJobGrain Job(string job) => Cluster.Client.GetGrain<ICalibrationJobGrain>(job);

    /// <summary>Every file of the checkpoint of a job, by name.</summary>
    public async Task<IReadOnlyDictionary<string, byte[]>> FilesAsync(WorkPlan plan)
    {
        string folder = _folder.File($"out-{plan.Id}");
        await CheckpointDownload.RunAsync(Store, plan, folder, null, null, CancellationToken.None);
        return SmallJob.Files(folder);
    }

    /// <summary>The checkpoint of a job is this, byte by byte.</summary>
    public async Task AssertBytesAsync(WorkPlan plan, IReadOnlyDictionary<string, byte[]> expected)
    {
        IReadOnlyDictionary<string, byte[]> made = await FilesAsync(plan);
        Assert.Equal(expected.Keys.Order(), made.Keys.Order());
        Assert.All(expected, file => Assert.True(file.Value.AsSpan().SequenceEqual(made[file.Key]), $"{file.Key} differs"));
    }

    /// <summary>The folder of a silo for files on their way.</summary>
    public string ScratchOf(string silo) => _folder.File(silo);

    /// <summary>Starts silos.</summary>
    /// <param name="silos">How many.</param>
    /// <param name="slots">Slots of each.</param>
    /// <param name="store">The store; null for one in memory.</param>
    /// <param name="executors">Makes executors; null for the usual ones.</param>
    /// <param name="scheduling">Leases; null for short ones.</param>
    /// <param name="change">Changes what a silo works with, by its name; null for nothing.</param>
    public static async Task<SmallCluster> StartAsync(
        short silos = 2,
        int slots = 1,
        IArtifactStore? store = null,
        IExecutorFactory? executors = null,
        SchedulerOptions? scheduling = null,
        Func<string, MambaQuantSiloOptions, MambaQuantSiloOptions>? change = null)
    {
        var cluster = new SmallCluster(store ?? new MemoryArtifactStore());
        var builder = new InProcessTestClusterBuilder(silos);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSiloHost((_, host) => host.Logging.AddProvider(cluster.Warnings));
        builder.ConfigureSilo((options, silo) =>
        {
            var usual = new MambaQuantSiloOptions
            {
                Store = cluster.Store,
                Backends = cluster._backends,
                Slots = [.. Enumerable.Range(0, slots).Select(slot => new SlotOptions($"cpu-{slot}", long.MaxValue, "a test"))],
                ScratchPath = cluster.ScratchOf(options.SiloName),
                Scheduling = scheduling ?? new SchedulerOptions { Lease = TimeSpan.FromSeconds(5), Heartbeat = TimeSpan.FromSeconds(0.5) },
                Announcement = TimeSpan.FromSeconds(1),
                Executors = executors,
            };
            silo.AddMambaQuant(change?.Invoke(options.SiloName, usual) ?? usual);
        });
        cluster.Cluster = builder.Build();
        await cluster.Cluster.DeployAsync();
        return cluster;
    }

    /// <summary>Submits a job that lies in the store.</summary>
    public async Task SubmitAsync(string job)
    {
        SubmitReply reply = await Directory.SubmitAsync(new SubmitRequest { Job = job, Store = Store.Description });
        Assert.True(reply.IsAccepted, reply.Cause);
    }

    /// <summary>Watches a job to its end.</summary>
    public async Task<JobView> WatchAsync(string job, int seconds = 120)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        JobView view = await Job(job).ViewAsync(0, 0);
        while (!view.HasEnded)
        {
            Assert.False(patience.IsCancellationRequested, $"job {job} does not end: {Tell(view)}");
            view = await Job(job).ViewAsync(view.Version, 1000);
        }

        return view;
    }

    /// <summary>A silo by the last letter of its name.</summary>
    public InProcessSiloHandle Silo(char last) => Cluster.Silos.Single(silo => silo.Name[^1] == last);

    /// <summary>Waits for so many slots.</summary>
    public async Task<SlotDescription[]> SlotsAsync(int count)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        SlotDescription[] slots = [.. await Directory.SlotsAsync()];
        while (slots.Length < count)
        {
            await Task.Delay(100, patience.Token);
            slots = [.. await Directory.SlotsAsync()];
        }

        return slots;
    }

    /// <summary>Waits until the directory, which hears of a job a moment after those who watch it, says something of it.</summary>
    public async Task<JobSummary> SummaryAsync(string job, Func<JobSummary, bool> isMet)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        JobSummary? summary = await Directory.ShowAsync(job);
        while (summary is null || !isMet(summary))
        {
            Assert.False(patience.IsCancellationRequested, $"the directory says {summary}");
            await Task.Delay(100);
            summary = await Directory.ShowAsync(job);
        }

        return summary;
    }

    /// <summary>Watches a job until something is the case.</summary>
    public async Task<JobView> UntilAsync(string job, Func<JobView, bool> isMet, int seconds = 60)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        JobView view = await Job(job).ViewAsync(0, 0);
        while (!isMet(view) && !patience.IsCancellationRequested)
        {
            view = await Job(job).ViewAsync(view.Version, 1000);
        }

        Assert.True(isMet(view), Tell(view));
        return view;
    }

    public static string Tell(JobView view) =>
        $"{view.Phase} {view.Cause} items [{string.Join("; ", view.Items)}] slots [{string.Join("; ", view.Slots)}] notices [{string.Join("; ", view.Notices)}]";

    public async ValueTask DisposeAsync()
    {
        await Cluster.DisposeAsync();
        _backends.Dispose();
        _folder.Dispose();
    }
}
