using System.Net;

namespace MambaQuant.Grains.Connecting;

/// <summary>Where a silo is reached.</summary>
/// <param name="Name">Its name, such as that of its pod.</param>
/// <param name="Advertised">The address that the others use: its own one, never that of a service in front of it.</param>
/// <param name="SiloPort">Port for other silos.</param>
/// <param name="GatewayPort">Port for clients.</param>
/// <param name="ListensOnAny">Whether it listens on every address of the machine, as in a pod.</param>
public sealed record SiloEndpoint(string Name, IPAddress Advertised, int SiloPort, int GatewayPort, bool ListensOnAny);
