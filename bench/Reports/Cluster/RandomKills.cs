using System.Globalization;
using MambaQuant.Grains.Contracts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Silo.Tests.Running;

namespace MambaQuant.Reports.Cluster;

/// <summary>Silos that are killed at random, one after the other and sometimes all at once, while jobs run: every job ends with the bytes of the embedded engine.</summary>
internal static class RandomKills
{
    // An item that loses more leases than it may have is nobody's fault here.
    private const int Silos = 3, KillsOfAJob = 4, Sequences = 64, ShortestMilliseconds = 500, LongestMilliseconds = 4000;

    /// <summary>Kills.</summary>
    /// <param name="kills">How often.</param>
    public static async Task<string> RunAsync(int kills)
    {
        var random = new Random(1);
        using var jobs = new RealJob();
        await using RealCluster cluster = await RealCluster.StartAsync(Silos, more: []);
        int killed = 0, owners = 0, ended = 0, different = 0, repeated = 0;
        while (killed < kills)
        {
            ulong seed = (ulong)++ended;
            WorkPlan plan = await jobs.PutAsync(cluster.Store, seed, size: Sequences);
            await cluster.SubmitAsync(plan);
            JobView view = await cluster.WatchAsync(plan, view => view.HasEnded || view.Made > 0);
            for (int kill = 0; kill < KillsOfAJob && killed < kills && !view.HasEnded; kill++)
            {
                SiloProcess silo = cluster.Silos[random.Next(Silos)];
                owners += cluster.OwnerOf(view) == silo ? 1 : 0;
                silo.Process.Kill();
                silo.Restart();
                killed++;
                await Task.Delay(random.Next(ShortestMilliseconds, LongestMilliseconds));
                view = await cluster.ViewAsync(plan);
            }

            (string hash, view) = await cluster.FinishAsync(plan, seconds: 300);
            repeated += view.Repeated;
            different += hash == jobs.Expected(seed, Sequences) ? 0 : 1;
            ClusterCommand.Say($"{killed} of {kills} kills, {ended} jobs, {different} of them with other bytes");
            await Task.WhenAll(cluster.Silos.Select(silo => silo.WaitUntilReadyAsync()));
        }

        return string.Create(
            CultureInfo.InvariantCulture,
            $"## Killed at random\n\n{Silos} silos, default settings; {killed} times `kill -9` of one of them at a random moment ({owners} times of the one that drove the job when it was last seen), each started again at once, sometimes before another one was back. {ended} jobs ended, {repeated} items were begun again; checkpoints that differ in any byte from those of the embedded engine: {different}.\n\n");
    }
}
