using System.Net;
using System.Net.Sockets;

namespace MambaQuant.Dashboard.Tests.Browser;

/// <summary>Stands between a browser and a server as a network does: carries, is cut, or goes silent without a word.</summary>
internal sealed class Wire : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<TcpClient> _ends = [];
    private readonly Lock _gate = new();

    /// <summary>Lays it.</summary>
    /// <param name="port">Port of the server.</param>
    public Wire(int port)
    {
        Target = port;
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>Port of the server that it leads to.</summary>
    public int Target { get; set; }

    /// <summary>Whether new connections are refused.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Whether nothing passes, while all connections stand.</summary>
    public volatile bool IsSilent;

    /// <summary>The address for the browser.</summary>
    public string Address => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/";

    /// <summary>Ends all connections, and refuses others.</summary>
    public void Cut()
    {
        IsCut = true;
        Drop();
    }

    /// <summary>Carries again.</summary>
    public void Mend()
    {
        Drop();
        (IsCut, IsSilent) = (false, false);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _listener.Dispose();
        Drop();
    }

    private void Drop()
    {
        lock (_gate)
        {
            _ends.ForEach(end => end.Dispose());
            _ends.Clear();
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = CarryAsync(await _listener.AcceptTcpClientAsync());
            }
        }
        catch (Exception end) when (end is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task CarryAsync(TcpClient browser)
    {
        using (browser)
        {
            if (IsCut)
            {
                return;
            }

            using var server = new TcpClient();
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, Target);
                lock (_gate)
                {
                    _ends.AddRange([browser, server]);
                }

                await Task.WhenAny(PassAsync(browser, server), PassAsync(server, browser));
            }
            catch (Exception end) when (end is SocketException or ObjectDisposedException or IOException)
            {
                // Nobody there, or cut.
            }
        }
    }

    private async Task PassAsync(TcpClient from, TcpClient to)
    {
        byte[] piece = new byte[16 << 10];
        try
        {
            while (await from.GetStream().ReadAsync(piece) is > 0 and int count)
            {
                while (IsSilent)
                {
                    await Task.Delay(50);
                }

                await to.GetStream().WriteAsync(piece.AsMemory(0, count));
            }
        }
        catch (Exception end) when (end is SocketException or ObjectDisposedException or IOException or InvalidOperationException)
        {
            // Cut.
        }
    }
}
