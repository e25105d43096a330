using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using MambaQuant.Grains.Connecting;
using MambaQuant.Grains.Contracts;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Execution;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Storage;
using MambaQuant.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace MambaQuant.Silo.Tests.Running;

/// <summary>Silos as processes on loopback, a Redis, a store, and a client in this process.</summary>
internal sealed class RealCluster : IAsyncDisposable
{
    private readonly TemporaryDirectory _folder;
    private readonly List<SiloProcess> _silos = [];
    private readonly string[] _arguments;
    private readonly string[] _variables;
    private readonly SplitNetwork? _network;
    private bool _hasKeeper;
    private IHost? _client;
    private int _outputs;

    private RealCluster(TemporaryDirectory folder, IArtifactStore store, string location, SplitNetwork? network, string[] more, string? password, string[] variables)
    {
        _variables = variables;
        Location = location;
        _folder = folder;
        _network = network;
        Store = store;
        Redis = RedisServer.Start(network?.Middle, password);
        _arguments =
        [
            "--store", location, "--clustering", "Redis", "--redis", Redis.ConnectionString, "--shutdown-seconds", "20",
            .. more.Contains("--threads") ? (string[])[] : ["--threads", "1"], .. more,
        ];
    }

    /// <summary>Arguments for leases that are lost soon.</summary>
    public static string[] ShortLeases { get; } = ["--lease", "6", "--heartbeat", "1"];

    /// <summary>What '--store' says.</summary>
    public string Location { get; }

    /// <summary>The store of all silos.</summary>
    public IArtifactStore Store { get; }

    /// <summary>The table of members.</summary>
    public RedisServer Redis { get; }

    /// <summary>The silos, those that have ended included.</summary>
    public IReadOnlyList<SiloProcess> Silos => _silos;

    private IClusterClient Client => _client!.Services.GetRequiredService<IClusterClient>();

    /// <summary>Starts silos and waits until they may get work.</summary>
    /// <param name="silos">How many.</param>
    /// <param name="location">What '--store' says; null for a folder.</param>
    /// <param name="network">Where each silo has a place of its own; null for loopback. Not owned.</param>
    /// <param name="more">Arguments of all silos besides; null for leases that a busy machine does not lose.</param>
    /// <param name="hasKeeper">
    /// Whether the first silo has no slots, so that it keeps the job and the others work; and the client speaks to that one alone: it hears of the job
    /// whatever happens to the others.
    /// </param>
    /// <param name="password">The password of Redis; null for none.</param>
    /// <param name="variables">Environment variables of all silos besides, as NAME=VALUE; not where there is a network.</param>
    public static async Task<RealCluster> StartAsync(
        int silos, string? location = null, SplitNetwork? network = null, string[]? more = null, bool hasKeeper = false, string? password = null, string[]? variables = null)
    {
        var folder = new TemporaryDirectory();
        string place = location ?? folder.File("store");
        var cluster = new RealCluster(folder, await ArtifactStores.OpenOrCreateAsync(place, CancellationToken.None), place, network, more ?? ["--lease", "30", "--heartbeat", "1"], password, variables ?? []) { _hasKeeper = hasKeeper };
        bool started = false;
        try
        {
            for (int index = 0; index < silos; index++)
            {
                cluster.Add(index == 0 && hasKeeper ? ["--slots", "0"] : []);
            }

            await Task.WhenAll(cluster._silos.Select(silo => silo.WaitUntilReadyAsync()));
            await cluster.ConnectAsync();
            started = true;
            return cluster;
        }
        finally
        {
            if (!started)
            {
                await cluster.DisposeAsync();
            }
        }
    }

    /// <summary>A silo that has everything in common with these but the store.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>It is owned by the caller.</returns>
    public SiloProcess OfAnotherStore(string name)
    {
        string[] arguments = [.. _arguments];
        arguments[Array.IndexOf(arguments, "--store") + 1] = _folder.File("another-store");
        return new SiloProcess(name, [.. arguments, "--scratch", _folder.File(name)]);
    }

    /// <summary>All slots that the directory knows.</summary>
    public Task<ImmutableArray<SlotDescription>> SlotsAsync() => PatientlyAsync(() => Client.GetGrain<IJobDirectoryGrain>(0).SlotsAsync());

    /// <summary>Starts one more silo.</summary>
    /// <param name="more">Arguments besides those that all have.</param>
    public SiloProcess Add(params string[] more)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"silo-{_silos.Count}");
        string[] arguments = [.. _arguments, "--scratch", _folder.File(name), .. more];
        var silo = _network is null
            ? new SiloProcess(name, IPAddress.Loopback, _variables.Length == 0 ? [] : ["env", .. _variables], arguments)
            : new SiloProcess(name, _network.AddressOf(_silos.Count), _network.WrapperOf(_silos.Count), arguments);
        _silos.Add(silo);
        return silo;
    }

    /// <summary>Connects the client, or connects it anew.</summary>
    public async Task ConnectAsync()
    {
        await DisconnectAsync();
        string identity = await StoreIdentity.OfAsync(Store, CancellationToken.None);
        ClusterAddress address = _hasKeeper
            ? new ClusterAddress { Gateways = [_silos[0].Gateway], StoreId = identity }
            : new ClusterAddress { Clustering = ClusteringKind.Redis, Redis = Redis.ConnectionString, StoreId = identity };
        _client = new HostBuilder()
            .ConfigureLogging(logging => logging.ClearProviders())
            .UseOrleansClient(client => client
                .JoinCluster(address)
                .Configure<ClientMessagingOptions>(options => options.ResponseTimeout = TimeSpan.FromSeconds(10)) // a silo that hangs answers nobody
                .Configure<GatewayOptions>(options => options.GatewayListRefreshPeriod = TimeSpan.FromSeconds(1))
                .UseConnectionRetryFilter(async (_, token) =>
                {
                    await Task.Delay(500, token);
                    return true;
                }))
            .Build();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await _client.StartAsync(limit.Token);
    }

    /// <summary>Takes the client away.</summary>
    public async Task DisconnectAsync()
    {
        if (_client is not null)
        {
            await _client.StopAsync();
            _client.Dispose();
            _client = null;
        }
    }

    /// <summary>Submits a job whose plan and request lie in the store.</summary>
    /// <param name="plan">The job.</param>
    public async Task SubmitAsync(WorkPlan plan)
    {
        SubmitReply reply = await PatientlyAsync(() => Client.GetGrain<IJobDirectoryGrain>(0).SubmitAsync(new SubmitRequest { Job = plan.Id, Store = Store.Description }));
        if (!reply.IsAccepted)
        {
            throw new InvalidOperationException($"the cluster refuses job {plan.Id}: {reply.Cause}");
        }
    }

    /// <summary>Watches a job until something is the case.</summary>
    /// <param name="plan">The job.</param>
    /// <param name="until">What.</param>
    /// <param name="seconds">How long at most.</param>
    public async Task<JobView> WatchAsync(WorkPlan plan, Func<JobView, bool> until, int seconds = 120)
    {
        long started = Stopwatch.GetTimestamp();
        JobView view = await ViewAsync(plan);
        while (!until(view))
        {
            if (Stopwatch.GetElapsedTime(started).TotalSeconds > seconds)
            {
                throw new TimeoutException($"after {seconds} s: {Tell(view)}\n{string.Join('\n', _silos.Select(silo => $"{silo.Name}:\n{silo.Process.Tail}"))}");
            }

            await Task.Delay(50);
            view = await ViewAsync(plan);
        }

        return view;
    }

    /// <summary>The job as it stands.</summary>
    /// <param name="plan">The job.</param>
    public Task<JobView> ViewAsync(WorkPlan plan) => PatientlyAsync(() => Client.GetGrain<ICalibrationJobGrain>(plan.Id).ViewAsync(0, 0));

    /// <summary>Waits for a job's end, which must be a good one, and downloads its checkpoint.</summary>
    /// <param name="plan">The job.</param>
    /// <param name="seconds">How long at most.</param>
    /// <returns>A hash over the checkpoint's files, and the last view.</returns>
    public async Task<(string Hash, JobView View)> FinishAsync(WorkPlan plan, int seconds = 180)
    {
        JobView view = await WatchAsync(plan, view => view.HasEnded, seconds);
        if (view.Phase != JobPhase.Finished)
        {
            throw new InvalidOperationException(Tell(view));
        }

        string output = _folder.File(string.Create(CultureInfo.InvariantCulture, $"output-{_outputs++}"));
        await CheckpointDownload.RunAsync(Store, plan, output, runText: null, progress: null, CancellationToken.None);
        return (KilledRuns.HashOf(output), view);
    }

    /// <summary>The silo that drives a job, as its view says; null where nobody does yet.</summary>
    /// <param name="view">The view.</param>
    public SiloProcess? OwnerOf(JobView view) => _silos.SingleOrDefault(silo => view.Owner.StartsWith(silo.Name, StringComparison.Ordinal));

    /// <summary>A silo that computes for a job and does not drive it; null where there is none at the moment.</summary>
    /// <param name="view">The view.</param>
    public SiloProcess? WorkerOf(JobView view) => OwnerOf(view) is not { } owner ? null : _silos.FirstOrDefault(
        silo => !silo.Process.HasEnded && silo != owner && SlotOf(view, silo) is not null);

    /// <summary>The slot of a silo that is at an item; null where none is.</summary>
    /// <param name="view">The view.</param>
    /// <param name="silo">The silo.</param>
    public static SlotView? SlotOf(JobView view, SiloProcess silo) =>
        view.Slots.FirstOrDefault(slot => slot.Item is not null && slot.Slot.StartsWith(silo.Name + "/", StringComparison.Ordinal));

    /// <summary>Waits until a silo that does not drive the job computes for it, and stops its process there: so what it holds stays what it holds.</summary>
    /// <param name="plan">The job.</param>
    /// <param name="isMeant">Whether it is to be that silo with that item; null for any.</param>
    /// <returns>The silo, and what it holds; null where the job ended before.</returns>
    public async Task<(SiloProcess Silo, SlotView Slot)?> FreezeWorkerAsync(WorkPlan plan, Func<SiloProcess, SlotView, bool>? isMeant = null)
    {
        for (JobView view = await ViewAsync(plan); !view.HasEnded; view = await ViewAsync(plan))
        {
            if (WorkerOf(view) is not { } silo || SlotOf(view, silo) is not { } seen || isMeant?.Invoke(silo, seen) == false)
            {
                await Task.Delay(5);
                continue;
            }

            // What was on its way when it was stopped is settled once two looks agree.
            silo.Process.Signal("STOP");
            SlotView? held = SlotOf(await ViewAsync(plan), silo);
            for (SlotView? before = null; (before?.ItemIndex, before?.Attempt) != (held?.ItemIndex, held?.Attempt);)
            {
                view = await ViewAsync(plan);
                (before, held) = (held, SlotOf(view, silo));
            }

            if (held is not null && OwnerOf(view) != silo && isMeant?.Invoke(silo, held) != false)
            {
                return (silo, held);
            }

            silo.Process.Signal("CONT");
        }

        return null;
    }

    /// <summary>For messages of tests.</summary>
    /// <param name="view">The view.</param>
    public static string Tell(JobView view) =>
        $"{view.Phase} {view.Cause} by {view.Owner}; items [{string.Join("; ", view.Items)}]; slots [{string.Join("; ", view.Slots)}]; notices [{string.Join("; ", view.Notices)}]";

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _silos.ForEach(silo => silo.Dispose());
        await DisconnectAsync();
        Redis.Dispose();
        _folder.Dispose();
    }

    /// <summary>Calls until it is answered: silos may be gone or frozen meanwhile.</summary>
    private static async Task<T> PatientlyAsync<T>(Func<Task<T>> call)
    {
        for (long started = Stopwatch.GetTimestamp(); ; await Task.Delay(250))
        {
            try
            {
                return await call();
            }
            catch (Exception fault) when (fault is Orleans.Runtime.OrleansException or TimeoutException or IOException && Stopwatch.GetElapsedTime(started).TotalSeconds < 120)
            {
                continue;
            }
        }
    }
}
