using System.Net;

namespace MambaQuant.Grains.Connecting;

/// <summary>Which cluster, and how it is reached: the same for its silos and its clients.</summary>
public sealed record ClusterAddress
{
    /// <summary>Port of the first silo of a development cluster, by default.</summary>
    public const int DefaultSiloPort = 11111;

    /// <summary>Port of a gateway, by default.</summary>
    public const int DefaultGatewayPort = 30000;

    /// <summary>How members find each other.</summary>
    /// <value><see cref="ClusteringKind.Localhost"/> by default.</value>
    public ClusteringKind Clustering { get; init; }

    /// <summary>Where Redis is: a connection string, or <c>env:NAME</c>. A secret; never logged.</summary>
    /// <value>Null by default: not needed by <see cref="ClusteringKind.Localhost"/>.</value>
    public string? Redis { get; init; }

    /// <summary>Name of the cluster: those with another one never meet.</summary>
    /// <value>"mambaquant" by default.</value>
    public string ClusterId { get; init; } = "mambaquant";

    /// <summary>Identity of the cluster's store (<see cref="MambaQuant.Pipeline.Artifacts.StoreIdentity"/>): silos and clients of another store are another cluster.</summary>
    /// <value>Null by default: not known yet; silos and clients have to know it before they connect.</value>
    public string? StoreId { get; init; }

    /// <summary>Name of the service, the same over all versions that are deployed side by side.</summary>
    /// <value>"mambaquant" by default.</value>
    public string ServiceId { get; init; } = "mambaquant";

    /// <summary>On <see cref="ClusteringKind.Localhost"/>, the silo that the others join.</summary>
    /// <value>Loopback, port 11111, by default.</value>
    public IPEndPoint PrimarySilo { get; init; } = new(IPAddress.Loopback, DefaultSiloPort);

    /// <summary>On <see cref="ClusteringKind.Localhost"/>, the gateways that a client tries.</summary>
    /// <value>Loopback, port 30000, by default.</value>
    public IReadOnlyList<IPEndPoint> Gateways { get; init; } = [new(IPAddress.Loopback, DefaultGatewayPort)];

    /// <summary>Certificates of all connections.</summary>
    /// <value>Null by default: none, plain connections.</value>
    public ClusterCertificates? Certificates { get; init; }

    /// <summary>The name under which members find each other: that of the cluster, and of its store. A silo that has the same settings and another store never meets them.</summary>
    public string MeetingName => StoreId is null ? ClusterId : $"{ClusterId}-{StoreId}";

    /// <summary>The connection string of Redis, taken from the environment where it says so.</summary>
    /// <returns>Null where none is given.</returns>
    /// <exception cref="ArgumentException">The variable is not set; the message shows no secret.</exception>
    public string? ResolveRedis()
    {
        const string Prefix = "env:";
        if (Redis is null || !Redis.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return Redis;
        }

        string variable = Redis[Prefix.Length..];
        return Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value
            ? value
            : throw new ArgumentException($"the environment variable '{variable}' of Redis is not set");
    }
}
