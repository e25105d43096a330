using System.Net;
using System.Net.Sockets;

namespace MambaQuant.Testing;

/// <summary>Ports that nobody uses at the moment.</summary>
/// <remarks>
/// They lie below those that a system gives to outgoing connections: whoever starts a server on a port, or stops it and starts it again, finds it free
/// however many connections are made meanwhile. Each process goes through them from another place on, so that two test processes rarely meet.
/// </remarks>
public static class FreePort
{
    private const int First = 10_000, Count = 22_000, PerProcess = 997;

    private static int _next = (int)((long)Environment.ProcessId * PerProcess % Count);

    /// <summary>Finds ports, all different.</summary>
    /// <param name="count">How many.</param>
    /// <exception cref="InvalidOperationException">All are taken.</exception>
    public static int[] Find(int count)
    {
        List<int> found = [];
        for (int tries = 0; found.Count < count; tries++)
        {
            int port = First + (Interlocked.Increment(ref _next) % Count);
            if (tries > Count)
            {
                throw new InvalidOperationException($"expected {count} free ports from {First} on, found {found.Count}");
            }

            if (IsFree(port))
            {
                found.Add(port);
            }
        }

        return [.. found];
    }

    private static bool IsFree(int port)
    {
        // Of all addresses: a server of the health page listens at every one.
        using var listener = new TcpListener(IPAddress.Any, port) { ExclusiveAddressUse = true };
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
