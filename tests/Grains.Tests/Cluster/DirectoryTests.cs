using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using MambaQuant.Grains.Contracts;
using MambaQuant.Grains.Jobs;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Inputs;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Testing;
using Xunit;
using Xunit.Abstractions;

namespace MambaQuant.Grains.Tests.Cluster;

/// <summary>The directory over a store in which much has happened.</summary>
[Collection(OneClusterAtATime.Name)]
public sealed class DirectoryTests(ITestOutputHelper output) : IDisposable
{
    private const int Jobs = 2000, Chunks = 3;

    private readonly TemporaryDirectory _folder = new();
    private readonly SmallJob _small = new();

    public void Dispose()
    {
        _small.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 20)]
    public async Task Directory_OfThousandsOfEndedJobs_IsThereInSeconds(bool isFolder, int latencyMilliseconds)
    {
        var store = new WatchedStore(isFolder ? DirectoryArtifactStore.OpenOrCreate(_folder.File("store")) : new MemoryArtifactStore());
        await Parallel.ForAsync(0, Jobs, async (index, _) => await PutEndedAsync(store, index));
        WorkPlan open = await _small.PutAsync(store, order: Jobs);
        store.Latency = TimeSpan.FromMilliseconds(latencyMilliseconds);
        await using SmallCluster cluster = await SmallCluster.StartAsync(silos: 1, slots: 0, store: store);

        // Silos look after the directory by themselves: what is measured is a second life of it.
        await cluster.Directory.ListAsync();
        await cluster.Cluster.DeactivateAsync(cluster.Directory.GetGrainId());
        long started = Stopwatch.GetTimestamp();
        await cluster.Directory.SlotsAsync();
        TimeSpan activated = Stopwatch.GetElapsedTime(started);
        JobSummary? waiting = await cluster.Directory.ShowAsync(open.Id);
        ImmutableArray<JobSummary> list = await cluster.Directory.ListAsync();
        TimeSpan listed = Stopwatch.GetElapsedTime(started);
        started = Stopwatch.GetTimestamp();
        await cluster.Directory.ListAsync();
        TimeSpan again = Stopwatch.GetElapsedTime(started);

        output.WriteLine($"{Jobs} ended jobs, {(isFolder ? "a folder" : $"{latencyMilliseconds} ms for each read")}: active after {activated.TotalSeconds:0.00} s, all listed after {listed.TotalSeconds:0.00} s, listed again in {again.TotalMilliseconds:0} ms");
        Assert.NotNull(waiting);
        Assert.Equal(Jobs + 1, list.Length);
        Assert.Equal(Jobs, list.Count(job => job is { Phase: JobPhase.Finished, Name: "old" }));
        Assert.True(activated < TimeSpan.FromSeconds(5), $"active after {activated}");
        Assert.True(listed < TimeSpan.FromSeconds(10), $"listed after {listed}");
        Assert.True(again < TimeSpan.FromSeconds(1), $"listed again in {again}");
    }

    [Fact]
    public async Task Job_ThatNobodyToldTheDirectoryOf_GetsItsNameWhenItSpeaks()
    {
        await using SmallCluster cluster = await SmallCluster.StartAsync(silos: 1, slots: 1);
        await cluster.Directory.ListAsync();
        WorkPlan plan = await _small.PutAsync(cluster.Store, order: 7);

        await cluster.Job(plan.Id).StartAsync(0);
        await cluster.WatchAsync(plan.Id);

        JobSummary summary = await cluster.SummaryAsync(plan.Id, job => job.Name.Length > 0);
        Assert.Equal(("small-1", 7), (summary.Name, summary.Submitted));
        Assert.Equal(("model", "smoothquant", "W8A8"), (summary.Model, summary.Recipe, summary.Scheme));
    }

    private static async Task PutEndedAsync(IArtifactStore store, int index)
    {
        string job = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(index.ToString(CultureInfo.InvariantCulture))))[..16];
        await StoredRequests.PutAsync(store, new JobRequest { Job = job, Name = "old", Order = index, Model = InputPlace.Mounted("/nowhere"), Text = InputPlace.Self }, default);
        await StoredRounds.PutEndingAsync(store, job, new JobEnding(JobPhase.Finished, "", "somebody"), default);
        for (int chunk = 1; chunk <= Chunks; chunk++)
        {
            await store.PutIfAbsentAsync(Journal.ChunkName(job, chunk), (_, _) => Task.CompletedTask, default);
        }
    }
}
