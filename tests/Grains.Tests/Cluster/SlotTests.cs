using MambaQuant.Grains.Contracts;
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
}
