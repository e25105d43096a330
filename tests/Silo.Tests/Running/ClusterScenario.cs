using MambaQuant.Grains.Contracts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Silo.Tests.Running;

/// <summary>A job on a cluster of real processes to which something happens; whatever it is, the same must hold at the end.</summary>
internal sealed class ClusterScenario
{
    private ClusterScenario(RealCluster cluster, WorkPlan plan)
    {
        Cluster = cluster;
        Plan = plan;
    }

    /// <summary>The cluster.</summary>
    public RealCluster Cluster { get; }

    /// <summary>The job.</summary>
    public WorkPlan Plan { get; }

    /// <summary>What the journal says at the end.</summary>
    public JournalAudit Audit { get; private set; } = null!;

    /// <summary>The job at the end.</summary>
    public JobView View { get; private set; } = null!;

    /// <summary>
    /// Submits a job, lets something happen while it runs, and waits for its end. Then: it finished, with the bytes of the embedded engine; no item is
    /// lost, and none was given out more often than its leases allow.
    /// </summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="job">Makes jobs.</param>
    /// <param name="happens">What happens: called when some items are made, and there is an owner, and a worker beside it where there are several silos.</param>
    /// <param name="mostLost">Leases that may be lost by that at most, over all items; null where leases are so short that a busy machine loses some.</param>
    /// <param name="seed">Which job.</param>
    /// <param name="isEarly">Whether it happens from the beginning on.</param>
    /// <param name="size">How much there is to do: sequences; null for what is usual.</param>
    public static async Task<ClusterScenario> PlayAsync(
        RealCluster cluster, RealJob job, Func<ClusterScenario, Task> happens, int? mostLost, ulong seed = 1, int? size = null, bool isEarly = false)
    {
        WorkPlan plan = await job.PutAsync(cluster.Store, seed, size: size);
        var scenario = new ClusterScenario(cluster, plan);
        await cluster.SubmitAsync(plan);
        await scenario.UntilAsync(view => isEarly || (view.Made > 3 && cluster.OwnerOf(view) is not null && (cluster.Silos.Count == 1 || cluster.WorkerOf(view) is not null)));
        await happens(scenario);
        await scenario.EndAsync(job.Expected(seed, size), mostLost);
        return scenario;
    }

    /// <summary>Watches the job until something is the case; it fails where the job ends before.</summary>
    /// <param name="isMet">What.</param>
    /// <param name="seconds">How long at most.</param>
    public async Task<JobView> UntilAsync(Func<JobView, bool> isMet, int seconds = 120)
    {
        JobView view = await Cluster.WatchAsync(Plan, view => view.HasEnded || isMet(view), seconds);
        return isMet(view) ? view : throw new InvalidOperationException($"the job ended before: {RealCluster.Tell(view)}");
    }

    /// <summary>Fails where the job has ended: what happens to it is to happen before.</summary>
    public async Task GoesOnAsync() => await UntilAsync(view => !view.HasEnded);

    /// <summary>Waits until a slot does not hold any more what it held, whether the job goes on or has ended by then: it cannot end without that item.</summary>
    /// <param name="held">What it held.</param>
    public async Task UntilLostAsync(SlotView held) =>
        await Cluster.WatchAsync(Plan, view => view.Slots.All(slot => (slot.Slot, slot.Attempt, slot.ItemIndex) != (held.Slot, held.Attempt, held.ItemIndex)));

    /// <summary>Waits until so many items are made, as the journal says, without asking the cluster.</summary>
    /// <param name="items">How many.</param>
    public async Task UntilMadeAsync(int items)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while ((await Journal.RecoverAsync(Cluster.Store, Plan.Id, Plan.Graph, patience.Token)).State.DoneCount < items)
        {
            await Task.Delay(50, patience.Token);
        }
    }

    /// <summary>Stops a worker at an item, as <see cref="RealCluster.FreezeWorkerAsync"/> does, where there must be one.</summary>
    public async Task<(SiloProcess Silo, SlotView Slot)> FreezeAnyWorkerAsync() => await Cluster.FreezeWorkerAsync(Plan)
        ?? throw new InvalidOperationException($"the job ended before a worker could be stopped at an item: {RealCluster.Tell(await Cluster.ViewAsync(Plan))}");

    private async Task EndAsync(string expected, int? mostLost)
    {
        (string hash, View) = await Cluster.FinishAsync(Plan, seconds: 240);
        Audit = await JournalAudit.ReadAsync(Cluster.Store, Plan);
        Assert.Equal(expected, hash);
        Assert.Equal(Plan.Graph.Items.Length, View.Made + View.Reused);
        Assert.Equal(0, View.Reused);
        Assert.Empty(View.Damaged);
        Audit.AssertSound();
        Assert.False(Audit.Lost.Length > mostLost, $"at most {mostLost} leases may be lost, {Audit.Lost.Length} were; {Audit}");
        Assert.Equal(Audit.Repeated, View.Repeated);
    }
}
