using System.Diagnostics;
using MambaQuant.Grains.Contracts;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Silo.Tests.Running;

/// <summary>What happens to a cluster of real processes. <see cref="ClusterScenario"/> says what holds after each.</summary>
[Collection(nameof(RealProcesses))]
public sealed class ClusterScenarioTests(RealJob job)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // How soon a cluster notices who comes and goes is measured by the report (bench/report cluster), on a quiet machine: 5, 20 and 60 s are its aims.
    // Here the machine may be busy with anything else, and what is asked is only that it is not of another order.
    private static readonly TimeSpan ToJoin = TimeSpan.FromSeconds(30), ToLose = TimeSpan.FromSeconds(60), ToAdopt = TimeSpan.FromSeconds(120);

    [RedisFact]
    public async Task Worker_ThatIsKilledLosesItsItemOnly()
    {
        await using RealCluster cluster = await RealCluster.StartAsync(3, more: RealCluster.ShortLeases, hasKeeper: true);
        SiloProcess killed = null!;
        SlotView held = null!;

        ClusterScenario scenario = await ClusterScenario.PlayAsync(cluster, job, mostLost: null, happens: async scenario =>
        {
            (killed, held) = await scenario.FreezeAnyWorkerAsync();
            killed.Process.Kill();
            long started = Stopwatch.GetTimestamp();
            await scenario.UntilLostAsync(held);
            Assert.True(Stopwatch.GetElapsedTime(started) < ToLose, $"its item came back after {Stopwatch.GetElapsedTime(started)}");
        });

        Assert.Single(scenario.Audit.Lost, lost => lost.Lease == LeaseOf(held));
    }

    [RedisFact]
    public async Task Owner_ThatIsKilledIsFollowedByAnother()
    {
        await using RealCluster cluster = await RealCluster.StartAsync(3);

        ClusterScenario scenario = await ClusterScenario.PlayAsync(cluster, job, mostLost: 1, happens: async scenario =>
        {
            SiloProcess owner = cluster.OwnerOf(await scenario.UntilAsync(view => cluster.OwnerOf(view) is not null))!;
            owner.Process.Kill();
            long started = Stopwatch.GetTimestamp();
            await scenario.UntilAsync(now => now.Phase == JobPhase.Running && cluster.OwnerOf(now) is { } next && next != owner);
            Assert.True(Stopwatch.GetElapsedTime(started) < ToAdopt, $"the job was taken over after {Stopwatch.GetElapsedTime(started)}");
        });

        Assert.Single(scenario.Audit.Owners);
    }

    [RedisFact]
    public async Task Cluster_ThatWasDownAsAWholeGoesOn()
    {
        await using RealCluster cluster = await RealCluster.StartAsync(2);

        ClusterScenario scenario = await ClusterScenario.PlayAsync(cluster, job, mostLost: 2, happens: async _ =>
        {
            await cluster.DisconnectAsync();
            cluster.Silos.ToList().ForEach(silo => silo.Process.Kill());
            cluster.Silos.ToList().ForEach(silo => silo.Restart());
            await cluster.ConnectAsync();
        });

        Assert.NotEmpty(scenario.Audit.Owners);
    }

    [RedisFact]
    public async Task Silo_ThatHangsLosesItsLease_AndWhatItTellsWhenItComesBackCountsForNothing()
    {
        await using RealCluster cluster = await RealCluster.StartAsync(3, more: RealCluster.ShortLeases, hasKeeper: true);
        (SiloProcess Silo, SlotView Slot) hung = (null!, null!);

        ClusterScenario scenario = await ClusterScenario.PlayAsync(cluster, job, mostLost: null, happens: async scenario =>
        {
            hung = await scenario.FreezeAnyWorkerAsync();
            await scenario.UntilLostAsync(hung.Slot);
            hung.Silo.Process.Signal("CONT");
        });

        LostLease lost = Assert.Single(scenario.Audit.Lost, lost => lost.Lease == LeaseOf(hung.Slot));
        Assert.True(lost.Record is Tick or WorkerLost, $"{lost.Record}");
        await hung.Silo.Process.UntilPrintedAsync($"of item {lost.Lease.Item}, attempt {lost.Lease.Attempt}", Patience);
        Assert.Contains("count for nothing", hung.Silo.Printed, StringComparison.Ordinal);
    }

    [RedisFact]
    public async Task Silo_ThatJoinsLateGetsWorkAtOnce()
    {
        // Who was there before only keeps the job, so that it cannot be over before.
        await using RealCluster cluster = await RealCluster.StartAsync(1, hasKeeper: true);

        await ClusterScenario.PlayAsync(cluster, job, mostLost: 0, isEarly: true, happens: async scenario =>
        {
            await scenario.UntilAsync(view => view.Phase == JobPhase.Running);
            SiloProcess late = cluster.Add();
            await late.WaitUntilReadyAsync();
            long started = Stopwatch.GetTimestamp();
            await scenario.UntilAsync(view => cluster.WorkerOf(view) == late || view.Made > 0);
            Assert.True(Stopwatch.GetElapsedTime(started) < ToJoin, $"the late silo worked after {Stopwatch.GetElapsedTime(started)}");
        });
    }

    [RedisFact]
    public async Task Silo_ThatIsStoppedHandsItsItemBack()
    {
        await using RealCluster cluster = await RealCluster.StartAsync(3, hasKeeper: true);
        SiloProcess stopped = null!;

        ClusterScenario scenario = await ClusterScenario.PlayAsync(cluster, job, mostLost: 1, happens: async scenario =>
        {
            (stopped, _) = await scenario.FreezeAnyWorkerAsync();
            stopped.Process.Signal("TERM");
            stopped.Process.Signal("CONT");
            Assert.Equal(SiloExitCodes.Success, stopped.Process.WaitForEnd(TimeSpan.FromSeconds(40)));
        });

        // What it held it either made, or gave back: nothing counts against the item.
        Assert.All(scenario.Audit.LostBy(stopped.Name), lost => Assert.True(lost.Record is WorkReleased or WorkerLost { Drained: true }, $"{lost.Record}"));
    }

    [RedisFact]
    public async Task Redis_ThatIsLostAndComesBackCostsNothing()
    {
        await using RealCluster cluster = await RealCluster.StartAsync(2);

        await ClusterScenario.PlayAsync(cluster, job, mostLost: 0, happens: scenario =>
        {
            cluster.Redis.Restart();
            return scenario.GoesOnAsync();
        });

        Assert.All(cluster.Silos, silo => Assert.False(silo.Process.HasEnded, silo.Process.Tail));
    }

    [RedisFact]
    public async Task Jobs_TwoAtOnceOverThreeSilosLoseNoLease()
    {
        await using RealCluster cluster = await RealCluster.StartAsync(3);

        await ClusterScenario.PlayAsync(cluster, job, mostLost: 0, happens: first =>
            ClusterScenario.PlayAsync(cluster, job, mostLost: 0, seed: 3, isEarly: true, happens: _ => first.GoesOnAsync()));
    }

    [RedisFact]
    public async Task Client_ThatGoesAndComesBackHasMissedNothing()
    {
        await using RealCluster cluster = await RealCluster.StartAsync(2);

        await ClusterScenario.PlayAsync(cluster, job, mostLost: 0, happens: async scenario =>
        {
            JobView before = await cluster.ViewAsync(scenario.Plan);
            await cluster.DisconnectAsync();
            await scenario.UntilMadeAsync(before.Made + 4);
            await cluster.ConnectAsync();
            JobView after = await cluster.ViewAsync(scenario.Plan);
            Assert.Equal(before.Owner, after.Owner);
            Assert.True(after.Version > before.Version && after.Made >= before.Made + 4, RealCluster.Tell(after));
        });
    }

    [RedisAndAzuriteFact]
    public async Task Store_ThatHangsAndIsStartedAnewCostsNoLease()
    {
        using var folder = new TemporaryDirectory();
        AzuriteServer azurite = AzuriteServer.Start(folder.Path);
        try
        {
            await using RealCluster cluster = await RealCluster.StartAsync(2, azurite.ConnectionString() + "Container=jobs");

            // An item that fails for the store's sake gives its lease back and is tried again: at most both slots' items, each time.
            ClusterScenario scenario = await ClusterScenario.PlayAsync(cluster, job, mostLost: 4, happens: async scenario =>
            {
                await azurite.HangAsync(TimeSpan.FromSeconds(4));
                await scenario.UntilAsync(view => view.Made > 8);
                int port = azurite.Port;
                azurite.Dispose();
                azurite = AzuriteServer.Start(folder.Path, port);
                await scenario.GoesOnAsync();
            });

            await SoughtSecrets.AssertAbsentAsync(cluster, scenario.View, AzuriteServer.AccountKey);
        }
        finally
        {
            azurite.Dispose();
        }
    }

    [SplitNetworkFact]
    public async Task Owner_ThatIsCutOffFromTheOthersStepsDown()
    {
        using var network = new SplitNetwork(2);
        await using RealCluster cluster = await RealCluster.StartAsync(2, network: network);
        SiloProcess owner = null!;

        ClusterScenario scenario = await ClusterScenario.PlayAsync(cluster, job, mostLost: 2, happens: async scenario =>
        {
            owner = cluster.OwnerOf(await scenario.UntilAsync(view => cluster.OwnerOf(view) is not null))!;
            int place = cluster.Silos.ToList().IndexOf(owner);

            // It reaches the store, and nothing else. It sleeps until the others have given it up, or it would have done the whole job by then.
            network.CutOff(place);
            owner.Process.Signal("STOP");
            await scenario.UntilAsync(view => cluster.OwnerOf(view) is { } next && next != owner);
            owner.Process.Signal("CONT");
            await owner.Process.UntilPrintedAsync($"job {scenario.Plan.Id} is driven by", Patience);
            network.Heal(place);
        });

        // Two activations drove the job: one took it over, and the other one, which found that out when it wrote, left it.
        string successor = Assert.Single(scenario.Audit.Owners);
        Assert.DoesNotContain(owner.Name + " ", successor, StringComparison.Ordinal);
        Assert.Contains($"is driven by '{successor}' now", owner.Printed, StringComparison.Ordinal);
    }

    [RedisFact]
    public async Task Silo_ThatNobodyWantsEnds()
    {
        await using RealCluster cluster = await RealCluster.StartAsync(1);
        SiloProcess idle = cluster.Add("--exit-when-idle", "2");
        await idle.WaitUntilReadyAsync();

        Assert.Equal(SiloExitCodes.Success, idle.Process.WaitForEnd(TimeSpan.FromSeconds(40)));
    }

    [RedisFact]
    public async Task Silo_OfAnotherStoreIsAnotherCluster()
    {
        await using RealCluster cluster = await RealCluster.StartAsync(1);
        WorkPlan plan = await job.PutAsync(cluster.Store);
        await cluster.SubmitAsync(plan);
        await cluster.WatchAsync(plan, view => view.Made > 1);
        using SiloProcess stranger = cluster.OfAnotherStore("stranger");
        await stranger.WaitUntilReadyAsync();

        (string hash, JobView view) = await cluster.FinishAsync(plan);

        Assert.Equal(job.Expected(), hash);
        Assert.Equal(0, view.Repeated);
        Assert.All(await cluster.SlotsAsync(), slot => Assert.StartsWith("silo-0/", slot.Slot, StringComparison.Ordinal));
        Assert.False(stranger.Process.HasEnded);
    }

    private static LeaseName LeaseOf(SlotView slot) => new(slot.Slot, slot.ItemIndex!.Value, slot.Attempt);
}
