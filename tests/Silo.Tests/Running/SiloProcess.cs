using System.Globalization;
using System.Net;
using MambaQuant.Testing;

namespace MambaQuant.Silo.Tests.Running;

/// <summary>A silo as a process of its own on loopback.</summary>
internal sealed class SiloProcess : IDisposable
{
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(10) };

    private readonly string[] _arguments;
    private readonly int _healthPort;
    private ChildProcess _process;

    /// <summary>Starts a silo.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="arguments">Its arguments besides ports and name.</param>
    public SiloProcess(string name, params string[] arguments)
    {
        int[] ports = FreePort.Find(3);
        _healthPort = ports[2];
        Name = name;
        Gateway = new IPEndPoint(IPAddress.Loopback, ports[1]);
        _arguments =
        [
            "exec", Path.Combine(AppContext.BaseDirectory, "mambaquant-silo.dll"), "--silo-name", name,
            "--silo-port", Text(ports[0]), "--gateway-port", Text(ports[1]), "--health-port", Text(ports[2]), .. arguments,
        ];
        _process = Run();
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Where clients reach it.</summary>
    public IPEndPoint Gateway { get; }

    /// <summary>What it printed.</summary>
    public string Printed => _process.Printed;

    /// <summary>The process.</summary>
    public ChildProcess Process => _process;

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
            using HttpResponseMessage response = await Http.GetAsync(new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_healthPort}/health/{question}")));
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
                throw new InvalidOperationException($"silo {Name} is not ready; it printed:\n{Printed}");
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _process.Dispose();

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private ChildProcess Run() => ChildProcess.Start("dotnet", _arguments, new Dictionary<string, string> { ["DOTNET_gcServer"] = "0" });
}
