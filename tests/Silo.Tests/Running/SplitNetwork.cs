using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace MambaQuant.Silo.Tests.Running;

/// <summary>Places in network namespaces of their own, joined by a bridge that this process is on, too; each can be cut off.</summary>
/// <remarks>Needs root on Linux and 'ip'.</remarks>
internal sealed class SplitNetwork : IDisposable
{
    private readonly int _places;
    private readonly string _name = string.Create(CultureInfo.InvariantCulture, $"mq{Environment.ProcessId % 10_000}");
    private readonly int _net = 1 + (Environment.ProcessId % 250);

    /// <summary>Makes it.</summary>
    /// <param name="places">How many places.</param>
    public SplitNetwork(int places)
    {
        _places = places;
        bool made = false;
        try
        {
            Ip($"link add {_name} type bridge");
            Ip($"addr add {Middle}/24 dev {_name}");
            Ip($"link set {_name} up");
            for (int place = 0; place < places; place++)
            {
                Ip($"netns add {Namespace(place)}");
                Ip($"link add {Port(place)} type veth peer name eth0 netns {Namespace(place)}");
                Ip($"link set {Port(place)} master {_name} up");
                Ip($"-n {Namespace(place)} addr add {AddressOf(place)}/24 dev eth0");
                Ip($"-n {Namespace(place)} link set eth0 up");
                Ip($"-n {Namespace(place)} link set lo up");
            }

            made = true;
        }
        finally
        {
            if (!made)
            {
                Dispose();
            }
        }
    }

    /// <summary>Why there can be none here; null where there can.</summary>
    public static string? MissingReason =>
        !OperatingSystem.IsLinux() || Environment.UserName != "root" ? "needs root on Linux, for network namespaces"
        : Testing.ChildProcess.OnPath("ip") is null ? "needs 'ip' on the PATH (Debian: apt-get install iproute2)"
        : Testing.RedisServer.MissingReason;

    /// <summary>The address that all places reach.</summary>
    public IPAddress Middle => IPAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"10.213.{_net}.1"));

    /// <summary>The address of a place.</summary>
    /// <param name="place">Its number.</param>
    public IPAddress AddressOf(int place) => IPAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"10.213.{_net}.{place + 2}"));

    /// <summary>What lets a program run in a place.</summary>
    /// <param name="place">Its number.</param>
    public string[] WrapperOf(int place) => ["ip", "netns", "exec", Namespace(place)];

    /// <summary>Cuts a place off from everybody: the other places, Redis and the test.</summary>
    /// <param name="place">Its number.</param>
    public void CutOff(int place) => Ip($"link set {Port(place)} down");

    /// <summary>Joins it again.</summary>
    /// <param name="place">Its number.</param>
    public void Heal(int place) => Ip($"link set {Port(place)} up");

    /// <inheritdoc/>
    public void Dispose()
    {
        for (int place = 0; place < _places; place++)
        {
            Run("ip", $"netns del {Namespace(place)}");
        }

        Run("ip", $"link del {_name}");
    }

    private string Namespace(int place) => string.Create(CultureInfo.InvariantCulture, $"{_name}-{place}");

    private string Port(int place) => string.Create(CultureInfo.InvariantCulture, $"{_name}p{place}");

    private static void Ip(string arguments)
    {
        (int code, string error) = Run("ip", arguments);
        if (code != 0)
        {
            throw new InvalidOperationException($"ip {arguments}: {error}");
        }
    }

    private static (int Code, string Error) Run(string program, string arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, error);
    }
}
