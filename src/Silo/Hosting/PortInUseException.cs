using System.Collections.Immutable;

namespace MambaQuant.Silo.Hosting;

/// <summary>A silo cannot listen where it should.</summary>
/// <param name="problems">Each port: its setting, where, and why not.</param>
internal sealed class PortInUseException(ImmutableArray<string> problems) : IOException(
    $"{string.Join("; ", problems)}. Stop whoever listens there, or give this silo ports of its own with --silo-port, --gateway-port and --health-port");
