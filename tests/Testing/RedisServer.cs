using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace MambaQuant.Testing;

/// <summary>A Redis of a test's own on a free port of this machine, in memory.</summary>
public sealed class RedisServer : IDisposable
{
    private const string Program = "redis-server";

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(20);

    private readonly string? _password;
    private ChildProcess _process;

    private RedisServer(IPAddress address, int port, string? password)
    {
        Address = address;
        Port = port;
        _password = password;
        _process = Run();
    }

    /// <summary>Why there is no Redis on this machine; null where there is one.</summary>
    public static string? MissingReason { get; } = ChildProcess.OnPath(Program) is null ? "needs 'redis-server' on the PATH (Debian: apt-get install redis-server)" : null;

    /// <summary>Its address.</summary>
    public IPAddress Address { get; }

    /// <summary>Its port.</summary>
    public int Port { get; }

    /// <summary>Its connection string.</summary>
    public string ConnectionString => string.Create(
        CultureInfo.InvariantCulture, $"{Address}:{Port},connectTimeout=2000,connectRetry=5,abortConnect=false{(_password is null ? "" : $",password={_password}")}");

    /// <summary>Starts one.</summary>
    /// <param name="address">Where it listens; null for loopback.</param>
    /// <param name="password">What it wants to hear before anything else; null for nothing.</param>
    public static RedisServer Start(IPAddress? address = null, string? password = null) => new(address ?? IPAddress.Loopback, FreePort.Find(1)[0], password);

    /// <summary>Kills it and starts it again on the same port: everything in it is lost.</summary>
    public void Restart()
    {
        _process.Dispose();
        _process = Run();
    }

    /// <inheritdoc/>
    public void Dispose() => _process.Dispose();

    private ChildProcess Run()
    {
        string[] secret = _password is null ? [] : ["--requirepass", _password];
        ChildProcess process = ChildProcess.Start(
            ChildProcess.OnPath(Program)!, ["--port", Port.ToString(CultureInfo.InvariantCulture), "--bind", Address.ToString(), "--protected-mode", "no", "--save", "", "--appendonly", "no", .. secret]);
        DateTime end = DateTime.UtcNow + StartLimit;
        while (!Answers(Address, Port))
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

    private static bool Answers(IPAddress address, int port)
    {
        try
        {
            using var client = new TcpClient();
            client.Connect(address, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
