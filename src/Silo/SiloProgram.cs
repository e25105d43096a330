using MambaQuant.Grains.Connecting;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Silo.Configuration;
using MambaQuant.Silo.Health;
using MambaQuant.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MambaQuant.Silo;

/// <summary>From settings to a running silo, and to its end.</summary>
internal static class SiloProgram
{
    // The host stops after the silo has stopped at a safe point; what is left is closing connections.
    private static readonly TimeSpan ToClose = TimeSpan.FromSeconds(10);

    /// <summary>Runs a silo until it is asked to stop, or has nothing to do.</summary>
    /// <param name="arguments">What the command line sets, as keys of the configuration.</param>
    /// <returns>One of <see cref="SiloExitCodes"/>.</returns>
    public static async Task<int> RunAsync(Dictionary<string, string?> arguments)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddInMemoryCollection(arguments);
        try
        {
            SiloConfiguration configuration = SiloSettingsReader.Read(builder.Configuration, Environment.GetEnvironmentVariable);
            IArtifactStore store = await ArtifactStores.OpenOrCreateAsync(configuration.Store, CancellationToken.None);
            await using WebApplication application = Build(builder, configuration, store);
            await application.RunAsync();
            return SiloExitCodes.Success;
        }
        catch (Exception fault) when (fault is InvalidSiloConfigurationException or ArgumentException)
        {
            await Console.Error.WriteLineAsync($"error: {fault.Message}");
            return SiloExitCodes.Configuration;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"error: {fault.Message}");
            return SiloExitCodes.Surroundings;
        }
    }

    private static WebApplication Build(WebApplicationBuilder builder, SiloConfiguration configuration, IArtifactStore store)
    {
        builder.Logging.AddSimpleConsole(options => (options.SingleLine, options.TimestampFormat, options.UseUtcTimestamp) = (true, "yyyy-MM-ddTHH:mm:ssZ ", true));
        builder.WebHost.UseUrls($"http://{(configuration.Endpoint.ListensOnAny ? "[::]" : "127.0.0.1")}:{configuration.HealthPort}");
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = configuration.Shutdown + ToClose);
        builder.Services.AddSingleton(store);
        builder.Services.AddSiloHealth();
        builder.UseOrleans(silo => silo.JoinCluster(configuration.Cluster, configuration.Endpoint));
        WebApplication application = builder.Build();
        application.MapSiloHealth();
        return application;
    }
}
