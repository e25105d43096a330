using MambaQuant.Client;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Silo.Tests.Running;

/// <summary><c>watch</c> as a process of its own, whose connection breaks.</summary>
[Collection(nameof(RealProcesses))]
public sealed class WatchProcessTests(RealJob job)
{
    private const int Size = 4;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [RedisFact]
    public async Task Watch_WhoseSiloIsKilledAttachesAgain_AndBringsTheCheckpoint()
    {
        using var folder = new TemporaryDirectory();
        string output = folder.File("out");

        // Nobody has a slot at first, so that the job cannot end before its watcher was lost and is back.
        await using RealCluster cluster = await RealCluster.StartAsync(1, hasKeeper: true);
        SiloProcess gateway = cluster.Add("--slots", "0");
        await gateway.WaitUntilReadyAsync();
        WorkPlan plan = await job.PutAsync(cluster.Store, size: Size);
        await cluster.SubmitAsync(plan);
        using ChildProcess watch = ChildProcess.Start(
            "dotnet",
            [
                "exec", Path.Combine(AppContext.BaseDirectory, "mambaquant.dll"), "watch", plan.Id, "--out", output,
                "--store", cluster.Location, "--clustering", "localhost", "--gateway", gateway.Gateway.ToString(),
            ]);
        await watch.UntilPrintedAsync("no slot works for the job at this moment", Patience);

        gateway.Process.Kill();
        await watch.UntilPrintedAsync("connection lost, trying again", Patience);
        gateway.Restart();
        await watch.UntilPrintedAsync("connected again", Patience);
        Assert.False(watch.HasEnded, watch.Tail);
        cluster.Add();

        Assert.True(watch.WaitForEnd(Patience) == ExitCodes.Success, watch.Tail);
        Assert.Equal(job.Expected(size: Size), KilledRuns.HashOf(output));
    }
}
