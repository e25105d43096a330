using System.Diagnostics;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Grains.Tests.Cluster;

/// <summary>Silos that stop while their slots are deaf, and what the next one finds in the scratch folder.</summary>
[Collection(OneClusterAtATime.Name)]
public sealed class SiloEndTests : IDisposable
{
    private const int Slots = 4;

    private readonly SmallJob _small = new();

    public void Dispose() => _small.Dispose();

    [Fact]
    public async Task Silo_WhoseItemsDoNotStop_EndsAllItsSlotsAtOnce_AndTheirThreadsHarmNobody()
    {
        var gate = new TaskCompletionSource();
        using var deaf = new CountdownEvent(Slots);
        var store = new WatchedStore(new MemoryArtifactStore())
        {
            BeforePut = (name, _) =>
            {
                bool isEnd = name.EndsWith("/receipt", StringComparison.Ordinal);
                if (isEnd && !gate.Task.IsCompleted)
                {
                    deaf.Signal();
                }

                return isEnd ? gate.Task : Task.CompletedTask;
            },
        };
        await using SmallCluster cluster = await SmallCluster.StartAsync(
            silos: 1, slots: Slots, store: store, change: (_, options) => options with { Shutdown = TimeSpan.FromSeconds(1) });
        WorkPlan plan = await _small.PutAsync(store, grid: new() { Blocks = 2, Shards = Slots });
        await cluster.SubmitAsync(plan.Id);
        Assert.True(await Task.Run(() => deaf.Wait(TimeSpan.FromSeconds(60))), "all slots are at an item that does not hear");
        long began = Stopwatch.GetTimestamp();

        await cluster.Cluster.StopSiloAsync(cluster.Cluster.Silos[0]);

        // One second to drain and five for all threads together; one after the other they would take 21 s.
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(15), $"the silo stopped after {Stopwatch.GetElapsedTime(began)}");
        gate.SetResult();

        // Now the threads end their items, and tell slots that are gone. What a thread throws there ends this process.
        await Task.Delay(500);
    }

    [Fact]
    public async Task Scratch_OfASlotBeginsEmpty()
    {
        await using SmallCluster cluster = await SmallCluster.StartAsync(silos: 1, change: (_, options) =>
        {
            string folder = Path.Combine(options.ScratchPath, options.Slots[0].Device);
            Directory.CreateDirectory(folder);
            File.WriteAllText(Path.Combine(folder, "left"), "by a silo that died");
            File.WriteAllText(Path.Combine(options.ScratchPath, "other"), "of somebody else");
            return options;
        });

        string scratch = cluster.ScratchOf(cluster.Cluster.Silos[0].Name);
        Assert.Empty(Directory.GetFiles(scratch, "left", SearchOption.AllDirectories));
        Assert.Single(Directory.GetFiles(scratch, "other", SearchOption.AllDirectories));
    }
}
