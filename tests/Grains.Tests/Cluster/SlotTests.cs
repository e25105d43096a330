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
        string[] slots = await SlotsAsync(cluster, 4);

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

    private static async Task<string[]> SlotsAsync(SmallCluster cluster, int count)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        string[] slots = [.. (await cluster.Directory.SlotsAsync()).Select(slot => slot.Slot)];
        while (slots.Length < count)
        {
            await Task.Delay(100, patience.Token);
            slots = [.. (await cluster.Directory.SlotsAsync()).Select(slot => slot.Slot)];
        }

        return slots;
    }
}
