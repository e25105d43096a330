using MambaQuant.Grains.Contracts;
using MambaQuant.Grains.Workers;
using MambaQuant.Pipeline.Execution;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Grains.Tests.Cluster;

/// <summary>Slots as others reach them.</summary>
[Collection(OneClusterAtATime.Name)]
public sealed class SlotTests
{
    [Fact]
    public async Task Slot_IsReachedOnItsOwnSilo_AndNowhereElse()
    {
        await using SmallCluster cluster = await SmallCluster.StartAsync(silos: 2, slots: 2);
        string[] slots = [.. (await cluster.SlotsAsync(4)).Select(slot => slot.Slot)];

        foreach (string slot in slots)
        {
            SlotView view = await cluster.Cluster.Client.GetGrain<IGpuWorkerGrain>(slot).ViewAsync();
            Assert.Equal(slot, view.Slot);
        }

        foreach (string stranger in (string[])["Silo_0/cpu-0/1", $"{slots[0]}7", "Silo_9/cpu-0/1", "nonsense"])
        {
            await Assert.ThrowsAnyAsync<Exception>(() => cluster.Cluster.Client.GetGrain<IGpuWorkerGrain>(stranger).ViewAsync());
        }
    }
    [Fact]
    public async Task Slot_ThatHasNothingToDoKeepsNothingOfItsLastJob()
    {
        var executors = new RememberedExecutors();
        using var small = new SmallJob();
        await using SmallCluster cluster = await SmallCluster.StartAsync(silos: 1, slots: 1, executors: executors);
        WorkPlan plan = await small.PutAsync(cluster.Store);

        await cluster.SubmitAsync(plan.Id);
        JobView view = await cluster.WatchAsync(plan.Id);
        Assert.True(view.Phase == JobPhase.Finished, SmallCluster.Tell(view));

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (executors.IsAlive)
        {
            await Task.Delay(100, patience.Token);
            GC.Collect();
        }
    }

    private sealed class RememberedExecutors : IExecutorFactory
    {
        private readonly RequestedExecutorFactory _executors = new();
        private volatile WeakReference? _last;

        public bool IsAlive => _last!.IsAlive;

        public async Task<WorkExecutor> OpenAsync(ExecutorPlace place, CancellationToken cancellation)
        {
            WorkExecutor executor = await _executors.OpenAsync(place, cancellation);
            _last = new WeakReference(executor);
            return executor;
        }
    }
}
