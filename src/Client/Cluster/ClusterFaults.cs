using System.Net.Sockets;
using System.Security.Authentication;
using Orleans.Runtime;
using StackExchange.Redis;

namespace MambaQuant.Client.Cluster;

/// <summary>Tells failures of a connection from all others.</summary>
internal static class ClusterFaults
{
    /// <summary>Whether a failure may be gone when the call is made again: no silo answers, Redis does not, the silos' store does not.</summary>
    /// <param name="fault">The failure.</param>
    public static bool MayPass(Exception fault) => fault switch
    {
        OrleansException or TimeoutException or IOException or SocketException or AuthenticationException or RedisException or ObjectDisposedException => true,
        AggregateException { InnerException: { } inner } => MayPass(inner),
        _ => false,
    };
}
