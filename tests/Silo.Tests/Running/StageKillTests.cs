using MambaQuant.Grains.Contracts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Silo.Tests.Running;

/// <summary>A worker's silo is killed in every stage of a job; where long tests are asked for, at an item of every kind.</summary>
[Collection(nameof(RealProcesses))]
public sealed class StageKillTests(RealJob job)
{
    private const int MostJobs = 6;

    private static readonly WorkKind[] Stages =
        [WorkKind.ObserveOriginal, WorkKind.SearchSmoothing, WorkKind.ObserveTransformed, WorkKind.Quantize];

    [RedisFact]
    public async Task Worker_IsKilledInEveryStage()
    {
        // One silo drives and has no slots, the other one works: so everything that is given out is given to the one that is killed.
        await using RealCluster cluster = await RealCluster.StartAsync(1, hasKeeper: true);
        SiloProcess worker = cluster.Add();
        await worker.WaitUntilReadyAsync();
        HashSet<WorkKind>? left = null;

        // An item may be too quick to be caught: the next job has another one of its kind.
        for (ulong seed = 1; seed <= MostJobs && left is not { Count: 0 }; seed++)
        {
            var killed = new List<SlotView>();
            ClusterScenario scenario = await ClusterScenario.PlayAsync(cluster, job, seed: seed, mostLost: null, isEarly: true, happens: async scenario =>
            {
                WorkKind KindOf(SlotView slot) => scenario.Plan.Graph.Items[slot.ItemIndex!.Value].Kind;
                left ??= [.. scenario.Plan.Graph.Items.Select(item => item.Kind).Where(kind => FuzzRun.IsLong || Stages.Contains(kind))];
                while (left.Count > 0 && await cluster.FreezeWorkerAsync(scenario.Plan, (_, slot) => left.Contains(KindOf(slot))) is { } frozen)
                {
                    frozen.Silo.Process.Kill();
                    killed.Add(frozen.Slot);
                    left.Remove(KindOf(frozen.Slot));
                    frozen.Silo.Restart();
                    await scenario.UntilLostAsync(frozen.Slot);
                }
            });

            Assert.Equal(
                killed.Select(slot => (slot.Slot, slot.ItemIndex!.Value, slot.Attempt)),
                scenario.Audit.Lost.Select(lost => (lost.Lease.Worker, lost.Lease.Item, lost.Lease.Attempt)));
        }

        Assert.Empty(left!);
    }
}
