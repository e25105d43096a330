using System.Net.Sockets;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Local;
using MambaQuant.Pipeline.Telemetry;
using MambaQuant.Silo.Configuration;
using MambaQuant.Silo.Hosting;
using MambaQuant.Storage;
using MambaQuant.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Runtime;
using StackExchange.Redis;

namespace MambaQuant.Silo;

/// <summary>From settings to a running silo, and to its end.</summary>
internal static class SiloProgram
{
    private const string Service = "mambaquant-silo";

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
            PortCheck.Run(configuration);
            await RedisCheck.RunAsync(configuration.Cluster);
            using TelemetrySession? telemetry = TelemetrySession.Start(new TelemetryOptions
            {
                Service = Service,
                Instance = configuration.Endpoint.Name,
                Environment = Environment.GetEnvironmentVariable,
                Tell = line => Console.Error.WriteLine($"warning: {line}"),
            });
            telemetry?.AddTo(builder.Logging);
            IArtifactStore store = new MeteredStore(await ArtifactStores.OpenOrCreateAsync(configuration.Store, CancellationToken.None));
            string identity = await StoreIdentity.OfAsync(store, CancellationToken.None);
            configuration = configuration with { Cluster = configuration.Cluster with { StoreId = identity } };
            await FirstSiloCheck.RunAsync(configuration.Cluster, configuration.Endpoint);
            using var backends = new CpuBackends(configuration.Threads);
            await using WebApplication application = SiloComposition.Build(builder, configuration, store, backends);
            IdleWatch? idle = application.Services.GetService<IdleWatch>();
            await application.RunAsync();
            return idle is { HasEndedIt: false } ? SiloExitCodes.Interrupted : SiloExitCodes.Success;
        }
        catch (Exception fault) when (fault is InvalidSiloConfigurationException or ArgumentException)
        {
            await Console.Error.WriteLineAsync($"error: {fault.Message}");
            return SiloExitCodes.Configuration;
        }
        catch (Exception fault) when (fault is RedisException or RedisTimeoutException)
        {
            await Console.Error.WriteLineAsync($"error: Redis, where the cluster keeps its table of members, cannot be used: {fault.Message} Check --redis (MambaQuant__Redis) and that Redis is up");
            return SiloExitCodes.Surroundings;
        }
        catch (OperationCanceledException)
        {
            // Orleans has tried to join for as long as it does; nobody has asked the silo to stop, which would end without an exception.
            await Console.Error.WriteLineAsync(
                "error: the silo could not join its cluster. With Localhost clustering: is the first silo (--primary-silo, MambaQuant__PrimarySilo) up, and of the same --store, --cluster-id and --service-id? Silos of another store are another cluster, and need a first silo and ports of their own");
            return SiloExitCodes.Surroundings;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or SocketException or OrleansException or TimeoutException)
        {
            await Console.Error.WriteLineAsync($"error: {fault.Message}");
            return SiloExitCodes.Surroundings;
        }
    }
}
