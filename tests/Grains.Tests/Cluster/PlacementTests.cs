using System.Globalization;
using MambaQuant.Grains.Contracts;
using MambaQuant.Grains.Hosting;
using MambaQuant.Grains.Placement;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Testing;
using Orleans.Runtime;
using Orleans.TestingHost;
using Xunit;

namespace MambaQuant.Grains.Tests.Cluster;

/// <summary>What lives where, and who gets what: by devices, memory and kernels, and by how long silos last.</summary>
[Collection(OneClusterAtATime.Name)]
public sealed class PlacementTests : IDisposable
{
    private readonly SmallJob _small = new();

    public void Dispose() => _small.Dispose();

    [Fact]
    public async Task Slot_IsPlacedOnlyWhereItHasTheMemoryAndTheKernelsThatACallNeeds()
    {
        await using SmallCluster cluster = await SmallCluster.StartAsync(silos: 2, change: (_, options) => WithMemory(options, 1000));
        SlotDescription[] slots = await cluster.SlotsAsync(2);
        string[] refused = [slots[0].Slot, slots[1].Slot];

        await AssertRefusedAsync(cluster, refused[0], new SlotNeeds(1001, null));
        await AssertRefusedAsync(cluster, refused[1], new SlotNeeds(0, "other kernels"));
        await AssertRefusedAsync(cluster, refused[0].Replace("cpu-0", "cpu-1", StringComparison.Ordinal), default);
        foreach (SlotDescription slot in slots)
        {
            Assert.Equal(slot.Slot, (await ViewAsync(cluster, slot.Slot, new SlotNeeds(1000, slot.Profile))).Slot);
        }
    }

    [Fact]
    public async Task Jobs_LiveOnSilosWithoutSlots_ThenOnThoseThatLast_ThenAnywhere()
    {
        // The first silo hears of the others only after it has taken the directory, so it is the one that must not matter.
        await using SmallCluster cluster = await SmallCluster.StartAsync(silos: 3, change: (name, options) => name[^1] switch
        {
            '0' => options,
            '1' => options with { EndsWhenIdle = true },
            _ => options with { Slots = [] },
        });
        await cluster.SlotsAsync(2);
        InProcessSiloHandle lasting = cluster.Silo('0'), ending = cluster.Silo('1'), keeper = cluster.Silo('2');

        foreach (ulong seed in (ulong[])[1, 2, 3, 4])
        {
            Assert.Equal(keeper.SiloAddress, await OwnerAsync(cluster, seed));
        }

        await cluster.Cluster.StopSiloAsync(keeper);
        foreach (ulong seed in (ulong[])[5, 6, 7, 8])
        {
            Assert.Equal(lasting.SiloAddress, await OwnerAsync(cluster, seed));
        }

        await cluster.Cluster.StopSiloAsync(lasting);
        Assert.Equal(ending.SiloAddress, await OwnerAsync(cluster, 9));
        Assert.Equal(ending.SiloAddress, await AddressAsync(cluster, cluster.Directory));
    }

    [Fact]
    public async Task Job_ThatNoSlotCanHoldSaysWhatItNeeds_AndRunsOnceThereIsOne()
    {
        long memory = 1;
        await using SmallCluster cluster = await SmallCluster.StartAsync(silos: 1, change: (_, options) => WithMemory(options, memory));
        SlotDescription slot = Assert.Single(await cluster.SlotsAsync(1));
        WorkPlan plan = await _small.PutAsync(cluster.Store);
        await cluster.SubmitAsync(plan.Id);

        JobView view = await cluster.UntilAsync(plan.Id, view => view.Cause.Length > 0);
        Assert.Equal(JobPhase.Running, view.Phase);
        Assert.Contains("Tokenize", view.Cause, StringComparison.Ordinal);
        Assert.Contains(slot.Slot, view.Cause, StringComparison.Ordinal);
        Assert.Equal(1, view.Notices.Count(notice => notice.Text == view.Cause));
        Assert.Empty(view.Slots);
        await cluster.SummaryAsync(plan.Id, job => job.Cause == view.Cause);
        memory = plan.Graph.Items.Max(item => item.Cost.MemoryBytes);
        await cluster.Cluster.StartAdditionalSiloAsync();
        view = await cluster.WatchAsync(plan.Id);
        Assert.True(view.Phase == JobPhase.Finished, SmallCluster.Tell(view));
        Assert.Empty(view.Cause);
    }

    [Fact]
    public async Task Job_InAClusterWithoutSlotsSaysSo()
    {
        await using SmallCluster cluster = await SmallCluster.StartAsync(silos: 1, change: (_, options) => options with { Slots = [] });
        WorkPlan plan = await _small.PutAsync(cluster.Store);
        await cluster.SubmitAsync(plan.Id);

        JobView view = await cluster.UntilAsync(plan.Id, view => view.Cause.Length > 0);

        Assert.Contains("no slots", view.Cause, StringComparison.Ordinal);
        Assert.Contains(view.Notices, notice => notice.Text == view.Cause);
    }

    private static MambaQuantSiloOptions WithMemory(MambaQuantSiloOptions options, long bytes) =>
        options with { Slots = [.. options.Slots.Select(slot => slot with { MemoryBytes = bytes })] };

    private static async Task AssertRefusedAsync(SmallCluster cluster, string slot, SlotNeeds needs)
    {
        Exception fault = await Assert.ThrowsAnyAsync<Exception>(() => ViewAsync(cluster, slot, needs));
        Assert.True(fault is OrleansException, string.Create(CultureInfo.InvariantCulture, $"{slot} {needs}: {fault}"));
    }

    private static async Task<SlotView> ViewAsync(SmallCluster cluster, string slot, SlotNeeds needs)
    {
        using (needs.Say())
        {
            return await cluster.Cluster.Client.GetGrain<IGpuWorkerGrain>(slot).ViewAsync();
        }
    }

    private async Task<SiloAddress?> OwnerAsync(SmallCluster cluster, ulong seed)
    {
        WorkPlan plan = await _small.PutAsync(cluster.Store, seed);
        await cluster.SubmitAsync(plan.Id);
        await cluster.UntilAsync(plan.Id, view => view.Phase is JobPhase.Running or JobPhase.Finished);
        return await AddressAsync(cluster, cluster.Job(plan.Id));
    }

    private static async Task<SiloAddress?> AddressAsync(SmallCluster cluster, IGrain grain) =>
        await cluster.Cluster.Client.GetGrain<IManagementGrain>(0).GetActivationAddress(grain);
}
