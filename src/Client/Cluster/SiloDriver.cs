using System.Globalization;
using System.Net;
using System.Net.Sockets;
using MambaQuant.Client.Failures;
using MambaQuant.Client.Progress;
using MambaQuant.Grains.Connecting;
using MambaQuant.Grains.Contracts;
using MambaQuant.Grains.Hosting;
using MambaQuant.Grains.Jobs;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Local;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace MambaQuant.Client.Cluster;

/// <summary>Runs jobs in a silo of this process: on loopback, on ports that are free, with the same workers as the local engine.</summary>
/// <param name="backends">The workers' backends; not owned.</param>
/// <param name="time">The clock.</param>
internal sealed class SiloDriver(IWorkerBackends backends, TimeProvider time) : IJobDriver
{
    // Slots and job share a process: one that is silent computes, and a slow item twice at once would be slower still.
    private static readonly SchedulerOptions Scheduling =
        new() { Lease = TimeSpan.FromMinutes(10), Heartbeat = TimeSpan.FromSeconds(1), StragglerFloor = TimeSpan.FromDays(365) };

    private static readonly TimeSpan Announcement = TimeSpan.FromMilliseconds(200), ToStop = TimeSpan.FromMinutes(10);

    private IHost? _host;

    /// <inheritdoc/>
    public async Task<DrivenJob> RunAsync(
        WorkPlan plan, IArtifactStore store, int workers, string scratchPath, IProgress<StageProgress> progress, JobWatch watch, Action<string> notice, CancellationToken cancellation)
    {
        _host ??= await StartAsync(store, workers, scratchPath, cancellation);
        IGrainFactory grains = _host.Services.GetRequiredService<IGrainFactory>();
        await using var link = new ClusterLink("the silo of this process", _ => Task.FromResult<ICluster>(new GrainCluster(grains, () => ValueTask.CompletedTask)), time);
        link.Say = notice;
        try
        {
            int round = (await StoredRounds.FindAsync(store, plan.Id, cancellation)).Wanted;
            SubmitReply reply = await link.CallAsync(cluster => cluster.SubmitAsync(plan.Id, store.Description, round), ClusterLink.Patience, cancellation);
            if (!reply.IsAccepted)
            {
                throw new ClusterException(ExitCodes.ClusterUnavailable, $"{link.Description} refuses job {plan.Id}: {reply.Cause}");
            }

            JobEnd end = await new JobFollower(link, time) { Seen = view => watch.Show(JobViews.ToOverview(view)) }.FollowAsync(plan.Id, new Relay(progress, notice), cancellation);
            JobCounts counts = end.Counts ?? new JobCounts(0, plan.Graph.Items.Length, 0, []);
            int? code = FailureCodes.Find(end.Fault);
            return new DrivenJob(counts, end.Phase == JobPhase.Finished ? null : new ClusterException(code ?? ExitCodes.JobFailed, end.Cause))
            {
                FailsAgain = FailureCodes.IsFinal(code),
                FloatSpeed = end.SpeedOf(Stages.EvaluateFloat),
                QuantizedSpeed = end.SpeedOf(Stages.Evaluate),
            };
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Every slot comes to a safe point and hands its item back; the same command goes on from there.
            Dispose();
            throw;
        }
    }

    /// <summary>Stops the silo.</summary>
    public void Dispose()
    {
        if (_host is { } host)
        {
            _host = null;
            host.StopAsync(CancellationToken.None).GetAwaiter().GetResult();
            host.Dispose();
        }
    }

    private async Task<IHost> StartAsync(IArtifactStore store, int workers, string scratchPath, CancellationToken cancellation)
    {
        (int siloPort, int gatewayPort) = FreePorts();
        var address = new ClusterAddress { PrimarySilo = new IPEndPoint(IPAddress.Loopback, siloPort), StoreId = await StoreIdentity.OfAsync(store, cancellation) };
        var endpoint = new SiloEndpoint("local", IPAddress.Loopback, siloPort, gatewayPort, ListensOnAny: false);
        var options = new MambaQuantSiloOptions
        {
            Store = store,
            Slots = [.. Enumerable.Range(0, workers).Select(worker => new SlotOptions(string.Create(CultureInfo.InvariantCulture, $"cpu-{worker}"), long.MaxValue))],
            Backends = backends,
            ScratchPath = scratchPath,
            Scheduling = Scheduling,
            Announcement = Announcement,
            CacheBytes = Math.Min(ProcessMemory.LargestCacheBytes, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (4 * workers)),
            Shutdown = ToStop,
            FindsJobs = false,
        };
        IHost host = ClusterClient.HostOf(builder =>
        {
            builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ToStop);
            builder.UseOrleans(silo => silo.JoinCluster(address, endpoint).AddMambaQuant(options));
        });
        bool hasStarted = false;
        try
        {
            await host.StartAsync(cancellation);
            hasStarted = true;
            return host;
        }
        finally
        {
            if (!hasStarted)
            {
                host.Dispose();
            }
        }
    }

    private static (int First, int Second) FreePorts()
    {
        using TcpListener first = new(IPAddress.Loopback, 0), second = new(IPAddress.Loopback, 0);
        first.Start();
        second.Start();
        return (((IPEndPoint)first.LocalEndpoint).Port, ((IPEndPoint)second.LocalEndpoint).Port);
    }

    private sealed class Relay(IProgress<StageProgress> progress, Action<string> notice) : IRunProgress
    {
        private const string Warning = "warning: ";

        public void Report(StageProgress value) => progress.Report(value);

        // Whoever runs the job watches it already.
        public void Watch(JobWatch job)
        {
        }

        // What is shown at once elsewhere is shown behind the stages here, and as a warning.
        public void Say(string line)
        {
            if (line.StartsWith(Warning, StringComparison.Ordinal))
            {
                notice(line[Warning.Length..]);
            }
        }
    }
}
