using System.Net;
using System.Net.Sockets;

namespace MambaQuant.Telemetry.Tests.Receiving;

/// <summary>Takes connections and everything that is sent, and never answers.</summary>
internal sealed class DeafServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<TcpClient> _taken = [];

    /// <summary>Starts on loopback.</summary>
    public DeafServer()
    {
        _listener.Start();
        _ = TakeAsync();
    }

    /// <summary>Where it listens.</summary>
    public string Address => $"http://{_listener.LocalEndpoint}";

    /// <summary>Connections so far.</summary>
    public int Connections
    {
        get
        {
            lock (_taken)
            {
                return _taken.Count;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _listener.Dispose();
        lock (_taken)
        {
            _taken.ForEach(client => client.Dispose());
        }
    }

    private async Task TakeAsync()
    {
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync();
                lock (_taken)
                {
                    _taken.Add(client);
                }

                _ = client.GetStream().CopyToAsync(Stream.Null);
            }
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            return;
        }
    }
}
