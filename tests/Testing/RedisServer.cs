using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace MambaQuant.Testing;

/// <summary>A Redis of a test's own on a free port of the loopback device, in memory.</summary>
public sealed class RedisServer : IDisposable
{
    private const string Program = "redis-server";

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(20);

    private ChildProcess _process;

    private RedisServer(int port)
    {
        Port = port;
        _process = Run(port);
    }

    /// <summary>Why there is no Redis on this machine; null where there is one.</summary>
    public static string? MissingReason { get; } = ChildProcess.OnPath(Program) is null ? "needs 'redis-server' on the PATH (Debian: apt-get install redis-server)" : null;

    /// <summary>Its port.</summary>
    public int Port { get; }

    /// <summary>Its connection string.</summary>
    public string ConnectionString => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port},connectTimeout=2000,connectRetry=5,abortConnect=false");

    /// <summary>Starts one.</summary>
    public static RedisServer Start() => new(FreePort.Find(1)[0]);

    /// <summary>Kills it and starts it again on the same port: everything in it is lost.</summary>
    public void Restart()
    {
        _process.Dispose();
        _process = Run(Port);
    }

    /// <inheritdoc/>
    public void Dispose() => _process.Dispose();

    private static ChildProcess Run(int port)
    {
        ChildProcess process = ChildProcess.Start(
            ChildProcess.OnPath(Program)!, ["--port", port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        DateTime end = DateTime.UtcNow + StartLimit;
        while (!Answers(port))
        {
            if (process.EndsWithin(TimeSpan.FromMilliseconds(50)) || DateTime.UtcNow > end)
            {
                string printed = process.Printed;
                process.Dispose();
                throw new InvalidOperationException($"Redis did not start; it printed: {printed}");
            }
        }

        return process;
    }

    private static bool Answers(int port)
    {
        try
        {
            using var client = new TcpClient();
            client.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
