using System.Net;

namespace MambaQuant.Silo.Hosting;

/// <summary>The first silo of a development cluster is of another cluster.</summary>
/// <param name="first">Where it listens.</param>
internal sealed class AnotherClusterException(IPEndPoint first) : IOException(
    $"the first silo, {first} (--primary-silo), is of another cluster: expected the same --store and --cluster-id as this silo's. Silos of another store are another cluster, and need a first silo and ports of their own");
