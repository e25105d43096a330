using MambaQuant.Grains.Contracts;
using MambaQuant.Grains.Hosting;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Local;
using MambaQuant.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MambaQuant.Reports.Cluster;

/// <summary>One silo without slots, and a client that reaches it over loopback.</summary>
internal sealed class BareCluster : IAsyncDisposable
{
    private readonly IHost _silo;
    private readonly IHost _client;
    private readonly CpuBackends _backends;

    private BareCluster(IHost silo, IHost client, CpuBackends backends)
    {
        _silo = silo;
        _client = client;
        _backends = backends;
    }

    /// <summary>The client.</summary>
    public IClusterClient Client => _client.Services.GetRequiredService<IClusterClient>();

    /// <summary>Starts both.</summary>
    /// <param name="store">The store.</param>
    /// <param name="scratch">A folder.</param>
    public static async Task<BareCluster> StartAsync(IArtifactStore store, string scratch)
    {
        int[] ports = FreePort.Find(2);
        (int siloPort, int gatewayPort) = (ports[0], ports[1]);
        var backends = new CpuBackends(1);
        HostApplicationBuilder silo = Host.CreateApplicationBuilder();
        silo.Logging.SetMinimumLevel(LogLevel.Error);
        silo.UseOrleans(builder => builder.UseLocalhostClustering(siloPort, gatewayPort).AddMambaQuant(new MambaQuantSiloOptions
        {
            Store = store,
            Backends = backends,
            ScratchPath = scratch,
            Scheduling = new() { Lease = TimeSpan.FromMinutes(10), Heartbeat = TimeSpan.FromMinutes(1) },
        }));
        HostApplicationBuilder client = Host.CreateApplicationBuilder();
        client.Logging.SetMinimumLevel(LogLevel.Error);
        client.UseOrleansClient(builder => builder.UseLocalhostClustering(gatewayPort));
        var cluster = new BareCluster(silo.Build(), client.Build(), backends);
        await cluster._silo.StartAsync();
        await cluster._client.StartAsync();
        return cluster;
    }

    /// <summary>Opens a job.</summary>
    /// <param name="job">The job.</param>
    /// <returns>The job when it runs.</returns>
    public async Task<JobView> OpenAsync(string job)
    {
        ICalibrationJobGrain grain = Client.GetGrain<ICalibrationJobGrain>(job);
        await grain.StartAsync(round: 0);
        JobView view = await grain.ViewAsync(0, 10_000);
        while (view.Phase != JobPhase.Running)
        {
            view = view.HasEnded ? throw new InvalidOperationException(view.Cause) : await grain.ViewAsync(view.Version, 10_000);
        }

        return view;
    }

    public async ValueTask DisposeAsync()
    {
        await _client.StopAsync();
        await _silo.StopAsync();
        _client.Dispose();
        _silo.Dispose();
        _backends.Dispose();
    }
}
