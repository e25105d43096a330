using System.Globalization;
using System.Net;
using MambaQuant.Client.Cluster;
using MambaQuant.Grains.Connecting;
using MambaQuant.Grains.Hosting;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Local;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Testing;
using Microsoft.Extensions.Hosting;

namespace MambaQuant.Client.Tests.Cluster;

/// <summary>A silo in the process of the test, with ports of its own, that can be stopped and started again; and command lines that name it.</summary>
internal sealed class SiloHere : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly CpuBackends _backends = new(2);
    private readonly int[] _ports = FreePort.Find(2);
    private IHost? _host;

    /// <summary>Where the cluster's store lies.</summary>
    public string Store => _folder.File("store");

    /// <summary>What a client has to be told.</summary>
    public string[] Options =>
        ["--store", Store, "--gateway", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_ports[1]}"), "--cluster-id", "of-a-test"];

    /// <summary>A folder for the test.</summary>
    /// <param name="name">Its name.</param>
    public string Path(string name) => _folder.File(name);

    /// <summary>Starts it.</summary>
    /// <param name="slots">Its slots.</param>
    public SiloHere Start(int slots = 2)
    {
        IArtifactStore store = DirectoryArtifactStore.OpenOrCreate(Store);
        var address = new ClusterAddress
        {
            PrimarySilo = new IPEndPoint(IPAddress.Loopback, _ports[0]),
            ClusterId = "of-a-test",
            StoreId = StoreIdentity.OfAsync(store, CancellationToken.None).GetAwaiter().GetResult(),
        };
        var options = new MambaQuantSiloOptions
        {
            Store = store,
            Slots = [.. Enumerable.Range(0, slots).Select(slot => new SlotOptions($"cpu-{slot}", long.MaxValue))],
            Backends = _backends,
            ScratchPath = _folder.File("scratch"),
            Scheduling = new SchedulerOptions { Lease = TimeSpan.FromSeconds(15), Heartbeat = TimeSpan.FromSeconds(0.5) },
            Announcement = TimeSpan.FromSeconds(0.2),
        };
        _host = ClusterClient.HostOf(builder => builder.UseOrleans(
            silo => silo.JoinCluster(address, new SiloEndpoint("here", IPAddress.Loopback, _ports[0], _ports[1], ListensOnAny: false)).AddMambaQuant(options)));
        _host.Start();
        return this;
    }

    /// <summary>Stops it; jobs stay where they are.</summary>
    public void Stop()
    {
        _host?.StopAsync().GetAwaiter().GetResult();
        _host?.Dispose();
        _host = null;
    }

    /// <summary>Runs a command line to its end.</summary>
    /// <param name="arguments">The arguments; how the cluster is reached is added.</param>
    public (int Code, string Output, string Error) Run(params string[] arguments)
    {
        using StringWriter error = new() { NewLine = "\n" };
        return Run(error, arguments, CancellationToken.None);
    }

    /// <summary>Runs a command line, with Ctrl-C when it says something.</summary>
    /// <param name="text">What a line of stderr has to hold.</param>
    /// <param name="arguments">The arguments; how the cluster is reached is added.</param>
    public (int Code, string Output, string Error) RunUntil(string text, params string[] arguments)
    {
        using CancellationTokenSource stop = new();
        using SignallingWriter error = new(text, stop.Cancel) { NewLine = "\n" };
        return Run(error, arguments, stop.Token);
    }

    private (int Code, string Output, string Error) Run(TextWriter error, string[] arguments, CancellationToken cancellation)
    {
        using StringWriter output = new() { NewLine = "\n" };
        int code = CommandLine.Run([.. arguments, .. arguments.Contains("--store") ? Options[2..] : Options], new CommandContext { Output = output, Error = TextWriter.Synchronized(error), Time = TimeProvider.System, Cancellation = cancellation });
        return (code, output.ToString(), error.ToString()!);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Stop();
        _backends.Dispose();
        _folder.Dispose();
    }
}
