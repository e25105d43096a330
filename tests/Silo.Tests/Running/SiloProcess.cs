using System.Globalization;
using System.Net;
using MambaQuant.Testing;

namespace MambaQuant.Silo.Tests.Running;

/// <summary>A silo as a process of its own on loopback.</summary>
internal sealed class SiloProcess : IDisposable
{
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(10) };

    private readonly string[] _command;
    private readonly int[] _ports;
    private readonly IPEndPoint _health;
    private ChildProcess _process;

    /// <summary>Starts a silo.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="arguments">Its arguments besides ports and name.</param>
    public SiloProcess(string name, params string[] arguments)
        : this(name, IPAddress.Loopback, [], arguments)
    {
    }

    /// <summary>Starts a silo on ports that others know.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="ports">Those of silo, gateway and health.</param>
    /// <param name="arguments">Its arguments besides ports and name.</param>
    public SiloProcess(string name, int[] ports, string[] arguments)
        : this(name, IPAddress.Loopback, ports, [], arguments)
    {
    }

    /// <summary>Starts a silo somewhere.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="address">Where it is reached.</param>
    /// <param name="wrapper">A program that becomes the silo, with its arguments; empty for none.</param>
    /// <param name="arguments">Its arguments besides ports, address and name.</param>
    public SiloProcess(string name, IPAddress address, string[] wrapper, string[] arguments)
        : this(name, address, FreePort.Find(3), wrapper, arguments)
    {
    }

    private SiloProcess(string name, IPAddress address, int[] ports, string[] wrapper, string[] arguments)
    {
        _ports = ports;
        _health = new IPEndPoint(address, ports[2]);
        Name = name;
        _command =
        [
            .. wrapper, "dotnet", "exec", Path.Combine(AppContext.BaseDirectory, "mambaquant-silo.dll"), "--silo-name", name, "--advertised-address", address.ToString(),
            "--silo-port", Text(ports[0]), "--gateway-port", Text(ports[1]), "--health-port", Text(ports[2]), .. arguments,
        ];
        _process = Run();
    }

    /// <summary>Where clients reach it.</summary>
    public IPEndPoint Gateway => new(_health.Address, _ports[1]);

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>What it printed.</summary>
    public string Printed => _process.Printed;

    /// <summary>The process.</summary>
    public ChildProcess Process => _process;

    /// <summary>Starts another silo on the ports of this one.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="arguments">Its arguments besides ports and name.</param>
    public SiloProcess Twin(string name, string[] arguments) => new(name, _ports, arguments);

    /// <summary>Starts it again after its end, with the same name and ports.</summary>
    public void Restart()
    {
        _process.Dispose();
        _process = Run();
    }

    /// <summary>Asks one of the three questions of Kubernetes.</summary>
    /// <param name="question">startup, ready or live.</param>
    /// <returns>The status code; null where nobody answers.</returns>
    public async Task<HttpStatusCode?> HealthAsync(string question)
    {
        try
        {
            using HttpResponseMessage response = await Http.GetAsync(new Uri(string.Create(CultureInfo.InvariantCulture, $"http://{_health}/health/{question}")));
            return response.StatusCode;
        }
        catch (Exception fault) when (fault is HttpRequestException or TaskCanceledException)
        {
            return null;
        }
    }

    /// <summary>Waits until it may get work.</summary>
    /// <exception cref="InvalidOperationException">It ended, or did not come up; the message has what it printed.</exception>
    public async Task WaitUntilReadyAsync()
    {
        for (DateTime end = DateTime.UtcNow.AddSeconds(90); await HealthAsync("ready") != HttpStatusCode.OK; await Task.Delay(100))
        {
            if (_process.HasEnded || DateTime.UtcNow > end)
            {
                throw new InvalidOperationException($"silo {Name} is not ready; it printed:\n{_process.Tail}");
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _process.Dispose();

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private ChildProcess Run() => ChildProcess.Start(_command[0], _command[1..], new Dictionary<string, string> { ["DOTNET_gcServer"] = "0" });
}
