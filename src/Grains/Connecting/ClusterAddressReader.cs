using System.Net;
using System.Security.Cryptography;

namespace MambaQuant.Grains.Connecting;

/// <summary>Reads from settings which cluster is meant: the same names and rules for silos and for clients, wherever they take settings from.</summary>
/// <param name="value">The text of a setting by its name, such as "Clustering"; null where it is not set.</param>
/// <param name="problem">Hears what is wrong: the setting's name, and a sentence. Every problem is told, and reading goes on.</param>
public sealed class ClusterAddressReader(Func<string, string?> value, Action<string, string> problem)
{
    /// <summary>Settings that this reads.</summary>
    public static IReadOnlyList<string> Names { get; } =
        ["Clustering", "Redis", "ClusterId", "ServiceId", "PrimarySilo", "Gateway", "TlsCertificate", "TlsKey", "TlsAuthority"];

    /// <summary>Reads.</summary>
    /// <returns>The address; of no use where a problem was told.</returns>
    public ClusterAddress Read()
    {
        var defaults = new ClusterAddress();
        var address = new ClusterAddress
        {
            Clustering = Clustering(),
            Redis = Value("Redis"),
            ClusterId = Value("ClusterId") ?? defaults.ClusterId,
            ServiceId = Value("ServiceId") ?? defaults.ServiceId,
            PrimarySilo = Value("PrimarySilo") is { } primary ? EndPoint("PrimarySilo", primary) : defaults.PrimarySilo,
            Gateways = Value("Gateway") is { } gateways ? [.. gateways.Split(',', StringSplitOptions.TrimEntries).Select(text => EndPoint("Gateway", text))] : defaults.Gateways,
            Certificates = Certificates(),
        };
        try
        {
            if (address.Clustering == ClusteringKind.Redis && address.ResolveRedis() is not { Length: > 0 })
            {
                problem("Redis", "Clustering is Redis, and no connection string is given");
            }
        }
        catch (ArgumentException fault)
        {
            problem("Redis", fault.Message);
        }

        return address;
    }

    private string? Value(string name) => value(name) is { } text && !string.IsNullOrWhiteSpace(text) ? text.Trim() : null;

    /// <summary>Who names a Redis means it.</summary>
    private ClusteringKind Clustering()
    {
        switch (Value("Clustering"))
        {
            case null:
                return Value("Redis") is null ? ClusteringKind.Localhost : ClusteringKind.Redis;
            case { } text when Enum.TryParse(text, ignoreCase: true, out ClusteringKind kind) && Enum.IsDefined(kind) && !char.IsAsciiDigit(text[0]):
                return kind;
            case { } text:
                problem("Clustering", $"expected {string.Join(" or ", Enum.GetNames<ClusteringKind>())}, found '{text}'");
                return ClusteringKind.Localhost;
        }
    }

    private IPEndPoint EndPoint(string name, string text)
    {
        if (IPEndPoint.TryParse(text, out IPEndPoint? endpoint) && endpoint.Port > 0)
        {
            return endpoint;
        }

        problem(name, $"expected IP:PORT, found '{text}'");
        return new IPEndPoint(IPAddress.Loopback, 1);
    }

    private ClusterCertificates? Certificates()
    {
        string[] names = ["TlsCertificate", "TlsKey", "TlsAuthority"];
        string?[] paths = [.. names.Select(Value)];
        if (paths.All(path => path is null))
        {
            return null;
        }

        if (Array.IndexOf(paths, null) is >= 0 and int missing)
        {
            problem(names[missing], $"is missing: {string.Join(", ", names)} go together");
            return null;
        }

        try
        {
            return ClusterCertificates.Read(paths[0]!, paths[1]!, paths[2]!);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or CryptographicException)
        {
            problem("TlsCertificate", fault.Message);
            return null;
        }
    }
}
