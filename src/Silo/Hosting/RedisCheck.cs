using MambaQuant.Grains.Connecting;
using StackExchange.Redis;

namespace MambaQuant.Silo.Hosting;

/// <summary>Whether Redis answers, asked before the silo starts: what Orleans says of one that does not comes with stack traces.</summary>
internal static class RedisCheck
{
    /// <summary>Asks, where the cluster keeps its members there.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <exception cref="RedisException">It is not there, or refuses.</exception>
    public static async Task RunAsync(ClusterAddress cluster)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        if (cluster.Clustering == ClusteringKind.Redis && cluster.ResolveRedis() is { Length: > 0 } redis)
        {
            ConnectionMultiplexer connection = await ConnectionMultiplexer.ConnectAsync(redis);
            await using (connection)
            {
                await connection.GetDatabase().PingAsync();
            }
        }
    }
}
