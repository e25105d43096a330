using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using MambaQuant.Grains.Connecting;

namespace MambaQuant.Silo.Hosting;

/// <summary>Whether the first silo of a development cluster is of the same cluster, asked before another one starts: Orleans tries for two minutes.</summary>
/// <remarks>
/// A silo greets whoever connects, before it is spoken to: four bytes with a length, little-endian, and as many bytes, among them the name of its cluster
/// in UTF-8. With certificates it says nothing before it knows who speaks, and Orleans finds out; so it does where nobody listens yet.
/// </remarks>
internal static class FirstSiloCheck
{
    // Orleans refuses a longer greeting, too.
    private const int LongestGreeting = 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Asks, where there is a first silo and this is another one.</summary>
    /// <param name="cluster">The cluster, with the identity of its store.</param>
    /// <param name="endpoint">This silo.</param>
    /// <exception cref="AnotherClusterException">It is of another cluster.</exception>
    public static async Task RunAsync(ClusterAddress cluster, SiloEndpoint endpoint)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        ArgumentNullException.ThrowIfNull(endpoint);
        bool isFirst = cluster.PrimarySilo.Equals(new IPEndPoint(endpoint.Advertised, endpoint.SiloPort));
        if (cluster.Clustering != ClusteringKind.Localhost || cluster.Certificates is not null || isFirst)
        {
            return;
        }

        if (await GreetingAsync(cluster) is { Length: > 0 } greeting && greeting.AsSpan().IndexOf(Encoding.UTF8.GetBytes(cluster.MeetingName)) < 0)
        {
            throw new AnotherClusterException(cluster.PrimarySilo);
        }
    }

    /// <summary>What the first silo says when somebody connects.</summary>
    /// <returns>Null where it says nothing in time, or is not there.</returns>
    private static async Task<byte[]?> GreetingAsync(ClusterAddress cluster)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            using var client = new TcpClient(cluster.PrimarySilo.AddressFamily);
            await client.ConnectAsync(cluster.PrimarySilo, patience.Token);
            NetworkStream stream = client.GetStream();
            await using (stream)
            {
                byte[] length = new byte[sizeof(int)];
                await stream.ReadExactlyAsync(length, patience.Token);
                int bytes = BinaryPrimitives.ReadInt32LittleEndian(length);
                if (bytes is <= 0 or > LongestGreeting)
                {
                    return null;
                }

                byte[] greeting = new byte[bytes];
                await stream.ReadExactlyAsync(greeting, patience.Token);
                return greeting;
            }
        }
        catch (Exception fault) when (fault is IOException or SocketException or OperationCanceledException)
        {
            return null;
        }
    }
}
