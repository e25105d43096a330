using MambaQuant.Grains.Connecting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;

namespace MambaQuant.Client.Cluster;

/// <summary>Connects to a cluster through its gateways.</summary>
internal static class ClusterClient
{
    // Longer than a job lets a watcher wait, shorter than a user does.
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan ToClose = TimeSpan.FromSeconds(2);

    /// <summary>Connects.</summary>
    /// <param name="address">The cluster.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>The connection; it is owned.</returns>
    public static async Task<ICluster> ConnectAsync(ClusterAddress address, CancellationToken cancellation)
    {
        IHost host = HostOf(builder => builder.UseOrleansClient(client => client.JoinCluster(address)
            .Configure<ClientMessagingOptions>(options => options.ResponseTimeout = ResponseTimeout)));
        bool isConnected = false;
        try
        {
            await host.StartAsync(cancellation);
            isConnected = true;
            return new GrainCluster(host.Services.GetRequiredService<IGrainFactory>(), () => CloseAsync(host));
        }
        finally
        {
            if (!isConnected)
            {
                await CloseAsync(host);
            }
        }
    }

    /// <summary>A host that takes nothing from the process: no signals, no files, no log.</summary>
    /// <param name="configure">Adds what it runs.</param>
    public static IHost HostOf(Action<HostApplicationBuilder> configure)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddSingleton<IHostLifetime, QuietLifetime>(); // the last one counts; the usual one would take Ctrl-C
        configure(builder);
        return builder.Build();
    }

    private static async ValueTask CloseAsync(IHost host)
    {
        using var limit = new CancellationTokenSource(ToClose);
        try
        {
            await host.StopAsync(limit.Token);
        }
        catch (Exception fault) when (fault is OperationCanceledException || ClusterFaults.MayPass(fault))
        {
            // Nobody is there to say goodbye to.
        }

        if (host is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync();
        }
    }
}
