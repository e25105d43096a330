using System.Globalization;
using MambaQuant.Dashboard.Watching;
using MambaQuant.Grains.Connecting;
using MambaQuant.Grains.Hosting;
using MambaQuant.Grains.Workers;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Local;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Silo.Configuration;
using MambaQuant.Silo.Health;
using MambaQuant.Silo.Watching;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MambaQuant.Silo.Hosting;

/// <summary>Puts a silo together.</summary>
internal static class SiloComposition
{
    // The host stops after the silo has stopped at a safe point; what is left is closing connections.
    private static readonly TimeSpan ToClose = TimeSpan.FromSeconds(10);

    /// <summary>Puts it together; the caller runs and disposes it.</summary>
    /// <param name="builder">With logging and everything else that is set in files.</param>
    /// <param name="configuration">What the silo is.</param>
    /// <param name="store">Its store.</param>
    /// <param name="backends">Backends of its slots; not owned.</param>
    public static WebApplication Build(WebApplicationBuilder builder, SiloConfiguration configuration, IArtifactStore store, IWorkerBackends backends)
    {
        builder.Logging.AddSimpleConsole(options => (options.SingleLine, options.TimestampFormat, options.UseUtcTimestamp) = (true, "yyyy-MM-ddTHH:mm:ssZ ", true));
        builder.WebHost.UseUrls(string.Create(
            CultureInfo.InvariantCulture, $"http://{(configuration.Endpoint.ListensOnAny ? "*" : "127.0.0.1")}:{configuration.HealthPort}"));
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = configuration.Shutdown + ToClose);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(store);
        builder.Services.AddSingleton(configuration);
        builder.Services.AddHostedService<SiloNews>();
        builder.Services.AddSiloHealth();
        builder.UseOrleans(silo => silo.AddActivityPropagation().JoinCluster(configuration.Cluster, configuration.Endpoint).AddMambaQuant(Options(configuration, store, backends)));
        if (configuration.ExitWhenIdle is { } limit)
        {
            builder.Services.AddSingleton(services => new IdleWatch(
                limit,
                services.GetRequiredService<ISlotOccupancy>(),
                services.GetRequiredService<IHostApplicationLifetime>(),
                services.GetRequiredService<TimeProvider>(),
                services.GetRequiredService<ILogger<IdleWatch>>()));
            builder.Services.AddHostedService(services => services.GetRequiredService<IdleWatch>());
        }

        if (configuration.Dashboard is { } dashboard)
        {
            builder.Services.AddSingleton(dashboard);
            builder.Services.AddSingleton<IJobSource>(services => new ClusterJobSource(
                services.GetRequiredService<IGrainFactory>(), store, $"cluster {configuration.Cluster.ClusterId}, seen from {configuration.Endpoint.Name}"));
            builder.Services.AddHostedService<DashboardService>();
        }

        WebApplication application = builder.Build();
        application.MapSiloHealth();
        return application;
    }

    private static MambaQuantSiloOptions Options(SiloConfiguration configuration, IArtifactStore store, IWorkerBackends backends)
    {
        MambaQuantSiloOptions options = Usual(configuration, store, backends);
        return options with { Scheduling = options.Scheduling with { Lease = configuration.Lease, Heartbeat = configuration.Heartbeat } };
    }

    private static MambaQuantSiloOptions Usual(SiloConfiguration configuration, IArtifactStore store, IWorkerBackends backends) => new()
    {
        Store = store,
        Backends = backends,
        ScratchPath = configuration.Scratch,
        Slots = [.. Enumerable.Range(0, configuration.Slots).Select(place => new SlotOptions(
            string.Create(CultureInfo.InvariantCulture, $"cpu-{place}"),
            configuration.SlotMemory,
            string.Create(CultureInfo.InvariantCulture, $"processors, {configuration.Threads} threads for {configuration.Slots}")))],
        Shutdown = configuration.Shutdown,
        EndsWhenIdle = configuration.ExitWhenIdle is not null,
    };
}
