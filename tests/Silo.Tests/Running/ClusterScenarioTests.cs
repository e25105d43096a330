using System.Diagnostics;
using System.Text;
using MambaQuant.Grains.Contracts;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Silo.Tests.Running;

/// <summary>What happens to a cluster of real processes; after each the job ends, with the bytes of the embedded engine.</summary>
[Collection(nameof(RealProcesses))]
public sealed class ClusterScenarioTests(RealJob job) : IClassFixture<RealJob>
{
    [RedisFact]
    public async Task Job_OverThreeSilosHasTheBytesOfTheEmbeddedEngine()
    {
        await using RealCluster cluster = await RealCluster.StartAsync(3);
        WorkPlan plan = await job.PutAsync(cluster.Store);
        await cluster.SubmitAsync(plan);

        (string hash, JobView view) = await cluster.FinishAsync(plan);

        Assert.Equal(job.Expected(), hash);
        Assert.Equal(plan.Graph.Items.Length, view.Made);
        Assert.Equal(0, view.Repeated);
    }

    [RedisFact]
    public async Task Worker_ThatIsKilledLosesItsItemOnly()
    {
        await using RealCluster cluster = await RealCluster.StartAsync(3);
        WorkPlan plan = await job.PutAsync(cluster.Store);
        await cluster.SubmitAsync(plan);
        JobView view = await cluster.WatchAsync(plan, view => cluster.WorkerOf(view) is not null && view.Made > 3);
        SiloProcess killed = cluster.WorkerOf(view)!;
        killed.Process.Kill();
        long started = Stopwatch.GetTimestamp();
        await cluster.WatchAsync(plan, now => now.HasEnded || !now.Slots.Any(slot => slot.Slot.StartsWith(killed.Name + "/", StringComparison.Ordinal)));

        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(20), $"its item came back after {Stopwatch.GetElapsedTime(started)}");
        (string hash, view) = await cluster.FinishAsync(plan);
        Assert.Equal(job.Expected(), hash);
        Assert.InRange(view.Repeated, 0, 1);
    }

    [RedisFact]
    public async Task Owner_ThatIsKilledIsFollowedByAnother()
    {
        await using RealCluster cluster = await RealCluster.StartAsync(3);
        WorkPlan plan = await job.PutAsync(cluster.Store);
        await cluster.SubmitAsync(plan);
        JobView view = await cluster.WatchAsync(plan, view => view.Made > 3 && cluster.OwnerOf(view) is not null);
        SiloProcess owner = cluster.OwnerOf(view)!;
        owner.Process.Kill();
        long started = Stopwatch.GetTimestamp();
        view = await cluster.WatchAsync(plan, now => now.Phase == JobPhase.Finished || (now.Phase == JobPhase.Running && !now.Owner.StartsWith(owner.Name, StringComparison.Ordinal)));

        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(60), $"the job was taken over after {Stopwatch.GetElapsedTime(started)}");
        (string hash, _) = await cluster.FinishAsync(plan);
        Assert.Equal(job.Expected(), hash);
    }

    [RedisFact]
    public async Task Cluster_ThatWasDownAsAWholeGoesOn()
    {
        await using RealCluster cluster = await RealCluster.StartAsync(2);
        WorkPlan plan = await job.PutAsync(cluster.Store);
        await cluster.SubmitAsync(plan);
        await cluster.WatchAsync(plan, view => view.Made > 3);
        await cluster.DisconnectAsync();
        foreach (SiloProcess silo in cluster.Silos)
        {
            silo.Process.Kill();
        }

        foreach (SiloProcess silo in cluster.Silos)
        {
            silo.Restart();
        }

        await cluster.ConnectAsync();
        (string hash, JobView view) = await cluster.FinishAsync(plan);

        Assert.Equal(job.Expected(), hash);
        Assert.InRange(view.Repeated, 0, 2);
    }

    [RedisFact]
    public async Task Silo_ThatHangsAndComesBackDoesNoHarm()
    {
        await using RealCluster cluster = await RealCluster.StartAsync(3);
        WorkPlan plan = await job.PutAsync(cluster.Store);
        await cluster.SubmitAsync(plan);
        JobView view = await cluster.WatchAsync(plan, view => cluster.WorkerOf(view) is not null && view.Made > 3);
        SiloProcess hung = cluster.WorkerOf(view)!;
        hung.Process.Signal("STOP");
        await Task.Delay(TimeSpan.FromSeconds(9));
        hung.Process.Signal("CONT");

        (string hash, _) = await cluster.FinishAsync(plan);

        Assert.Equal(job.Expected(), hash);
    }

    [RedisFact]
    public async Task Silo_ThatJoinsLateGetsWorkWithinSeconds()
    {
        await using RealCluster cluster = await RealCluster.StartAsync(1);
        WorkPlan plan = await job.PutAsync(cluster.Store, seed: 2, size: 48);
        await cluster.SubmitAsync(plan);
        await cluster.WatchAsync(plan, view => view.Made > 1);
        SiloProcess late = cluster.Add();
        await late.WaitUntilReadyAsync();
        long started = Stopwatch.GetTimestamp();

        JobView view = await cluster.WatchAsync(plan, view => view.HasEnded || view.Slots.Any(slot => slot.Item is not null && slot.Slot.StartsWith(late.Name + "/", StringComparison.Ordinal)));

        Assert.False(view.HasEnded, "the job was over before the late silo could have got anything");
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(5), $"the late silo worked after {Stopwatch.GetElapsedTime(started)}");
        (string hash, _) = await cluster.FinishAsync(plan);
        Assert.Equal(job.Expected(seed: 2, size: 48), hash);
    }

    [RedisFact]
    public async Task Silo_ThatIsStoppedHandsItsItemBack()
    {
        await using RealCluster cluster = await RealCluster.StartAsync(2);
        WorkPlan plan = await job.PutAsync(cluster.Store);
        await cluster.SubmitAsync(plan);
        JobView view = await cluster.WatchAsync(plan, view => cluster.WorkerOf(view) is not null && view.Made > 3);
        SiloProcess stopped = cluster.WorkerOf(view)!;
        stopped.Process.Signal("TERM");

        Assert.Equal(SiloExitCodes.Success, stopped.Process.WaitForEnd(TimeSpan.FromSeconds(40)));
        (string hash, _) = await cluster.FinishAsync(plan);
        Assert.Equal(job.Expected(), hash);
    }

    [RedisFact]
    public async Task Redis_ThatIsLostAndComesBackDoesNotStopTheJob()
    {
        await using RealCluster cluster = await RealCluster.StartAsync(2);
        WorkPlan plan = await job.PutAsync(cluster.Store);
        await cluster.SubmitAsync(plan);
        await cluster.WatchAsync(plan, view => view.Made > 3);
        cluster.Redis.Restart();

        (string hash, _) = await cluster.FinishAsync(plan, seconds: 240);

        Assert.Equal(job.Expected(), hash);
    }

    [RedisFact]
    public async Task Jobs_TwoAtOnceBothEnd()
    {
        await using RealCluster cluster = await RealCluster.StartAsync(2);
        WorkPlan first = await job.PutAsync(cluster.Store), second = await job.PutAsync(cluster.Store, seed: 3, order: 1);
        await cluster.SubmitAsync(first);
        await cluster.SubmitAsync(second);
        await cluster.DisconnectAsync();
        await cluster.ConnectAsync();

        Assert.Equal(job.Expected(), (await cluster.FinishAsync(first)).Hash);
        Assert.Equal(job.Expected(seed: 3), (await cluster.FinishAsync(second)).Hash);
    }

    [RedisAndAzuriteFact]
    public async Task Store_ThatHangsAndIsStartedAnewDoesNotStopTheJob()
    {
        using var folder = new TemporaryDirectory();
        AzuriteServer azurite = AzuriteServer.Start(folder.Path);
        try
        {
            await using RealCluster cluster = await RealCluster.StartAsync(2, azurite.ConnectionString() + "Container=jobs");
            WorkPlan plan = await job.PutAsync(cluster.Store);
            await cluster.SubmitAsync(plan);
            await cluster.WatchAsync(plan, view => view.Made > 3);
            await azurite.HangAsync(TimeSpan.FromSeconds(4));
            await cluster.WatchAsync(plan, view => view.Made > 8);
            int port = azurite.Port;
            azurite.Dispose();
            azurite = AzuriteServer.Start(folder.Path, port);

            (string hash, JobView view) = await cluster.FinishAsync(plan, seconds: 240);

            Assert.Equal(job.Expected(), hash);
            await AssertNoSecretAsync(cluster, view, AzuriteServer.AccountKey);
        }
        finally
        {
            azurite.Dispose();
        }
    }

    /// <summary>The key of the store stands in no artifact, plan, request, journal or view, and in nothing that a silo printed.</summary>
    private static async Task AssertNoSecretAsync(RealCluster cluster, JobView view, string secret)
    {
        Assert.DoesNotContain(secret, RealCluster.Tell(view) + view.Store, StringComparison.Ordinal);
        Assert.All(cluster.Silos, silo => Assert.DoesNotContain(secret, silo.Printed, StringComparison.Ordinal));
        byte[] sought = Encoding.UTF8.GetBytes(secret);
        int looked = 0;
        await foreach (ArtifactInfo found in cluster.Store.ListAsync("", CancellationToken.None))
        {
            using var content = new MemoryStream();
            await using Stream stream = await cluster.Store.OpenReadAsync(found.Name, 0, null, CancellationToken.None);
            await stream.CopyToAsync(content);
            Assert.True(content.ToArray().AsSpan().IndexOf(sought) < 0, $"{found.Name} has the store's key in it");
            looked++;
        }

        Assert.True(looked > 50, $"only {looked} artifacts were looked at");
    }

    [SplitNetworkFact]
    public async Task Network_ThatIsCutBetweenSilosLeavesOneOwner()
    {
        using var network = new SplitNetwork(2);
        await using RealCluster cluster = await RealCluster.StartAsync(2, network: network);
        WorkPlan plan = await job.PutAsync(cluster.Store, seed: 2, size: 48);
        await cluster.SubmitAsync(plan);
        await cluster.WatchAsync(plan, view => view.Made > 3 && cluster.OwnerOf(view) is not null);
        network.Cut();
        await Task.Delay(TimeSpan.FromSeconds(15));
        network.Heal();

        (string hash, _) = await cluster.FinishAsync(plan, seconds: 240);

        Assert.Equal(job.Expected(seed: 2, size: 48), hash);
    }

    [RedisFact]
    public async Task Silo_ThatNobodyWantsEnds()
    {
        await using RealCluster cluster = await RealCluster.StartAsync(1);
        SiloProcess idle = cluster.Add("--exit-when-idle", "2");
        await idle.WaitUntilReadyAsync();

        Assert.Equal(SiloExitCodes.Success, idle.Process.WaitForEnd(TimeSpan.FromSeconds(40)));
    }
}
