using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace MambaQuant.Storage.Tests.Running;

/// <summary>Stands between a store and the emulator and passes bytes on, but for the faults it was given.</summary>
internal sealed partial class FaultProxy : IDisposable
{
    private const int BufferSize = 16 << 10;

    /// <summary>A piece this large, passed on at once, is the middle of a body and no header.</summary>
    private const int BodyPiece = 8 << 10;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly int _target;
    private readonly Fault?[] _faults = new Fault?[2];
    private CancellationTokenSource _connections;
    private int _refusals;

    /// <summary>Starts one.</summary>
    /// <param name="target">Port of the emulator.</param>
    public FaultProxy(int target)
    {
        _target = target;
        _connections = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _ = AcceptAsync();
    }

    /// <summary>Its port.</summary>
    public int Port { get; }

    /// <summary>How many faults have happened.</summary>
    public int Happened { get; private set; }

    /// <summary>Orders faults: one after so many bytes in a direction, over all connections, and again after as many.</summary>
    public void Order(bool up, FaultKind kind, long after, int times)
    {
        lock (_lock)
        {
            _faults[up ? 0 : 1] = new Fault(kind, after, after, times);
        }
    }

    /// <summary>Closes all connections, and orders the answer 503 to the first request of as many new ones.</summary>
    public void OrderRefusals(int times)
    {
        lock (_lock)
        {
            _refusals = times;
            _connections.Cancel();
            _connections = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        }
    }

    /// <summary>No more faults.</summary>
    public void Calm()
    {
        lock (_lock)
        {
            Array.Clear(_faults);
            _refusals = 0;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_stop.IsCancellationRequested)
        {
            _stop.Cancel();
            _listener.Stop();
            _connections.Dispose();
            _stop.Dispose();
        }
    }

    private static async Task RefuseAsync(NetworkStream client, CancellationToken stop)
    {
        byte[] buffer = new byte[BufferSize];
        var request = new StringBuilder();
        int headers;
        while ((headers = request.ToString().IndexOf("\r\n\r\n", StringComparison.Ordinal)) < 0)
        {
            int count = await client.ReadAsync(buffer, stop);
            request.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }

        Match length = ContentLength().Match(request.ToString());
        long left = (length.Success ? long.Parse(length.Groups[1].ValueSpan) : 0) - (request.Length - headers - 4);
        while (left > 0)
        {
            left -= await client.ReadAsync(buffer, stop);
        }

        await client.WriteAsync("HTTP/1.1 503 Server Busy\r\nx-ms-error-code: ServerBusy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray(), stop);
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                lock (_lock)
                {
                    _ = ServeAsync(client, _connections.Token);
                }
            }
            catch (Exception failure) when (failure is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(TcpClient client, CancellationToken stop)
    {
        using TcpClient near = client, far = new();
        near.NoDelay = far.NoDelay = true;
        try
        {
            bool isRefused;
            lock (_lock)
            {
                isRefused = _refusals > 0;
                _refusals -= isRefused ? 1 : 0;
                Happened += isRefused ? 1 : 0;
            }

            if (isRefused)
            {
                await RefuseAsync(near.GetStream(), stop);
                return;
            }

            await far.ConnectAsync(IPAddress.Loopback, _target, stop);
            await Task.WhenAny(PumpAsync(near, far, up: true, stop), PumpAsync(far, near, up: false, stop));
        }
        catch (Exception failure) when (failure is OperationCanceledException or SocketException or IOException or ObjectDisposedException)
        {
            return;
        }
    }

    private async Task PumpAsync(TcpClient from, TcpClient to, bool up, CancellationToken stop)
    {
        byte[] buffer = new byte[BufferSize];
        try
        {
            int count;
            while ((count = await from.GetStream().ReadAsync(buffer, stop)) > 0)
            {
                switch (Next(up, count))
                {
                    case FaultKind.Cut:
                        await to.GetStream().WriteAsync(buffer.AsMemory(0, count / 2), stop);
                        from.LingerState = to.LingerState = new LingerOption(true, 0); // a reset, as from a broken line
                        return;
                    case FaultKind.Stall:
                        await Task.Delay(Timeout.Infinite, stop);
                        return;
                    case FaultKind.Alter:
                        buffer[count / 2] ^= 0x20;
                        break;
                }

                await to.GetStream().WriteAsync(buffer.AsMemory(0, count), stop);
            }
        }
        catch (Exception failure) when (failure is OperationCanceledException or SocketException or IOException or ObjectDisposedException)
        {
            return;
        }
    }

    private FaultKind? Next(bool up, int count)
    {
        lock (_lock)
        {
            if (_faults[up ? 0 : 1] is not { } fault)
            {
                return null;
            }

            fault = fault with { Left = fault.Left - count };
            bool isDue = fault.Left <= 0 && fault.Times > 0 && count >= BodyPiece;
            _faults[up ? 0 : 1] = isDue ? fault with { Left = fault.After, Times = fault.Times - 1 } : fault;
            Happened += isDue ? 1 : 0;
            return isDue ? fault.Kind : null;
        }
    }

    [GeneratedRegex(@"content-length:\s*(\d+)", RegexOptions.IgnoreCase)]
    private static partial Regex ContentLength();

    private sealed record Fault(FaultKind Kind, long After, long Left, int Times);
}
