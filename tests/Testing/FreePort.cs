using System.Net;
using System.Net.Sockets;

namespace MambaQuant.Testing;

/// <summary>Ports of the loopback device that nobody uses at the moment.</summary>
public static class FreePort
{
    /// <summary>Finds ports, all different.</summary>
    /// <param name="count">How many.</param>
    public static int[] Find(int count)
    {
        TcpListener[] listeners = [.. Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0))];
        Array.ForEach(listeners, listener => listener.Start());
        int[] ports = [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        Array.ForEach(listeners, listener => listener.Stop());
        return ports;
    }
}
