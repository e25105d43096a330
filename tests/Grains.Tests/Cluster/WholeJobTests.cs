using MambaQuant.Grains.Contracts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Grains.Tests.Cluster;

/// <summary>Jobs from their submission to their end.</summary>
[Collection(OneClusterAtATime.Name)]
public sealed class WholeJobTests : IDisposable
{
    private readonly SmallJob _small = new();

    [Fact]
    public async Task Job_OverTwoSilosMakesTheBytesOfTheEmbeddedEngine()
    {
        await using SmallCluster cluster = await SmallCluster.StartAsync();
        WorkPlan plan = await _small.PutAsync(cluster.Store);

        await cluster.SubmitAsync(plan.Id);
        JobView view = await cluster.WatchAsync(plan.Id);

        Assert.True(view.Phase == JobPhase.Finished, SmallCluster.Tell(view));
        await cluster.AssertBytesAsync(plan, _small.ExpectedFiles());
        Assert.Equal(plan.Graph.Items.Length, view.Made);
    }

    [Fact]
    public async Task Job_OfASlowStoreMakesTheSameBytes_AndLosesNoLease()
    {
        // As slow as an object store that is far away: every request, of whoever it is.
        var slowness = TimeSpan.FromMilliseconds(75);
        var store = new WatchedStore(new MemoryArtifactStore()) { Latency = slowness, BeforePut = (_, cancellation) => Task.Delay(slowness, cancellation) };
        var grid = new PlanOptions { Blocks = 1, Shards = 2 };
        await using SmallCluster cluster = await SmallCluster.StartAsync(
            slots: 2, store: store, scheduling: new SchedulerOptions { Lease = TimeSpan.FromSeconds(30), Heartbeat = TimeSpan.FromSeconds(0.5) });
        WorkPlan plan = await _small.PutAsync(store, grid: grid);

        await cluster.SubmitAsync(plan.Id);
        JobView view = await cluster.WatchAsync(plan.Id);

        Assert.True(view.Phase == JobPhase.Finished, SmallCluster.Tell(view));
        await cluster.AssertBytesAsync(plan, _small.ExpectedFiles(grid: grid));
        JournalAudit audit = await JournalAudit.ReadAsync(store, plan);
        audit.AssertSound();
        Assert.Empty(audit.Lost);
        Assert.Equal(0, view.Repeated);
    }

    public void Dispose() => _small.Dispose();
}
