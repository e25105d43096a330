using System.Globalization;
using System.Net;
using System.Net.Sockets;
using MambaQuant.Silo.Configuration;

namespace MambaQuant.Silo.Hosting;

/// <summary>Whether the ports of a silo are free, asked before it starts.</summary>
/// <remarks>
/// Silos listen with SO_REUSEPORT: a second one on the same ports would start, take part of the first one's connections, and be its successor in the
/// table of members, so that the first one would be declared dead with all that it works on. A listener without that option is refused where anybody
/// listens. Between the question and the start somebody else may come; that is as rare as two silos that start at the same moment.
/// </remarks>
internal static class PortCheck
{
    /// <summary>Asks for each port.</summary>
    /// <param name="configuration">The silo.</param>
    /// <exception cref="PortInUseException">Some are taken, or cannot be listened on; the message has all of them.</exception>
    public static void Run(SiloConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        IPAddress silo = configuration.Endpoint.ListensOnAny ? IPAddress.Any : configuration.Endpoint.Advertised;
        IPAddress health = configuration.Endpoint.ListensOnAny ? IPAddress.Any : IPAddress.Loopback;
        string?[] problems =
        [
            ProblemOf("SiloPort", silo, configuration.Endpoint.SiloPort),
            ProblemOf("GatewayPort", silo, configuration.Endpoint.GatewayPort),
            configuration.HealthPort == 0 ? null : ProblemOf("HealthPort", health, configuration.HealthPort),
            configuration.Dashboard is { Port: > 0 } dashboard ? ProblemOf("DashboardPort", dashboard.Address, dashboard.Port) : null,
        ];
        if (problems.Any(problem => problem is not null))
        {
            throw new PortInUseException([.. problems.OfType<string>()]);
        }
    }

    private static string? ProblemOf(string setting, IPAddress address, int port)
    {
        try
        {
            using var listener = new TcpListener(address, port);
            listener.Start();
            return null;
        }
        catch (SocketException fault)
        {
            string cause = fault.SocketErrorCode == SocketError.AddressAlreadyInUse ? "somebody listens there already, such as another silo" : fault.Message;
            return string.Create(CultureInfo.InvariantCulture, $"{setting} {port} on {address}: {cause}");
        }
    }
}
