using Microsoft.Extensions.Hosting;
using Orleans.Configuration;

namespace MambaQuant.Grains.Connecting;

/// <summary>Joins a silo or a client to the cluster that an address names.</summary>
public static class ClusterConnection
{
    /// <summary>Lets a silo join.</summary>
    /// <param name="silo">The silo.</param>
    /// <param name="address">The cluster.</param>
    /// <param name="endpoint">Where the silo itself is reached.</param>
    /// <exception cref="ArgumentException">Redis is asked for and not named.</exception>
    public static ISiloBuilder JoinCluster(this ISiloBuilder silo, ClusterAddress address, SiloEndpoint endpoint)
    {
        ArgumentNullException.ThrowIfNull(silo);
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(endpoint);
        if (address.Clustering == ClusteringKind.Redis)
        {
            silo.UseRedisClustering(RedisOf(address));
        }
        else
        {
            silo.UseDevelopmentClustering(address.PrimarySilo);
        }

        silo.Configure<ClusterOptions>(options => Name(options, address));
        silo.Configure<SiloOptions>(options => options.SiloName = endpoint.Name);
        silo.ConfigureEndpoints(endpoint.Advertised, endpoint.SiloPort, endpoint.GatewayPort, listenOnAnyHostAddress: endpoint.ListensOnAny);
        address.Certificates?.Apply(silo);
        return silo;
    }

    /// <summary>Lets a client connect.</summary>
    /// <param name="client">The client.</param>
    /// <param name="address">The cluster.</param>
    /// <exception cref="ArgumentException">Redis is asked for and not named.</exception>
    public static IClientBuilder JoinCluster(this IClientBuilder client, ClusterAddress address)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(address);
        if (address.Clustering == ClusteringKind.Redis)
        {
            client.UseRedisClustering(RedisOf(address));
        }
        else
        {
            client.UseStaticClustering([.. address.Gateways]);
        }

        client.Configure<ClusterOptions>(options => Name(options, address));
        address.Certificates?.Apply(client);
        return client;
    }

    private static string RedisOf(ClusterAddress address) => address.ResolveRedis() is { Length: > 0 } redis
        ? redis
        : throw new ArgumentException("clustering by Redis needs a connection string of Redis", nameof(address));

    private static void Name(ClusterOptions options, ClusterAddress address) => (options.ClusterId, options.ServiceId) = (address.MeetingName, address.ServiceId);
}
