using System.Collections.Immutable;
using System.CommandLine;
using MambaQuant.Client.Submitting;

namespace MambaQuant.Client.Commands;

/// <summary>The options that say which cluster is meant and where its store is: of all verbs that speak to one. Each defaults to the environment variable of the silo's setting.</summary>
internal sealed class ClusterOptions
{
    private readonly Option<string?> _store = Text("Store", "--store", "DIR|URI", "Store of the cluster: a folder that every silo sees, an https address of a blob container, a connection string, or env:NAME for one in an environment variable.");
    private readonly Option<string?> _clustering = Text("Clustering", "--clustering", "localhost|redis", "How the silos are found: by their gateways on this machine, or in Redis.");
    private readonly Option<string?> _redis = Text("Redis", "--redis", "ADDRESS", "Connection string of Redis, or env:NAME.");
    private readonly Option<string?> _clusterId = Text("ClusterId", "--cluster-id", "NAME", "Name of the cluster.");
    private readonly Option<string?> _serviceId = Text("ServiceId", "--service-id", "NAME", "Name of the service.");
    private readonly Option<string?> _tlsCertificate = Text("TlsCertificate", "--tls-certificate", "FILE", "PEM file of this client's certificate, where the cluster has TLS.");
    private readonly Option<string?> _tlsKey = Text("TlsKey", "--tls-key", "FILE", "PEM file of its key.");
    private readonly Option<string?> _tlsAuthority = Text("TlsAuthority", "--tls-authority", "FILE", "PEM file of the authority that everybody's certificates are of.");

    private readonly Option<string[]> _gateway = new("--gateway")
    {
        Description = $"With localhost: a silo's gateway; may be given several times. [default: {ClusterSettings.VariableOf("Gateway")}]",
        HelpName = "IP:PORT",
    };

    private readonly bool _hasStore;

    /// <summary>Makes the options.</summary>
    /// <param name="hasStore">Whether the store is among them; else the verb has an option of its own.</param>
    public ClusterOptions(bool hasStore = true)
    {
        _hasStore = hasStore;
    }

    /// <summary>Adds them to a verb, in the order of its help.</summary>
    /// <param name="verb">The verb.</param>
    public void AddTo(Command verb)
    {
        ArgumentNullException.ThrowIfNull(verb);
        foreach (Option option in (Option[])[.. _hasStore ? [_store] : (Option[])[], _clustering, _redis, _gateway, _clusterId, _serviceId, _tlsCertificate, _tlsKey, _tlsAuthority])
        {
            verb.Options.Add(option);
        }
    }

    /// <summary>Whether a command line says how the cluster is reached.</summary>
    /// <param name="parse">Arguments that parsed without an error.</param>
    public bool NameACluster(ParseResult parse)
    {
        ArgumentNullException.ThrowIfNull(parse);
        return parse.GetValue(_clustering) is not null || parse.GetValue(_redis) is not null || parse.GetValue(_gateway) is { Length: > 0 };
    }

    /// <summary>What is set: by an option, or else in the environment.</summary>
    /// <param name="parse">Arguments that parsed without an error.</param>
    /// <param name="context">The environment.</param>
    public ClusterSettings Read(ParseResult parse, CommandContext context)
    {
        ArgumentNullException.ThrowIfNull(parse);
        ArgumentNullException.ThrowIfNull(context);
        var options = ImmutableDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        (string Name, Option<string?> Option)[] texts =
        [
            .. _hasStore ? [("Store", _store)] : ((string, Option<string?>)[])[],
            ("Clustering", _clustering), ("Redis", _redis), ("ClusterId", _clusterId), ("ServiceId", _serviceId),
            ("TlsCertificate", _tlsCertificate), ("TlsKey", _tlsKey), ("TlsAuthority", _tlsAuthority),
        ];
        foreach ((string name, Option<string?> option) in texts)
        {
            if (parse.GetValue(option) is { } value)
            {
                options.Add(name, value);
            }
        }

        if (parse.GetValue(_gateway) is { Length: > 0 } gateways)
        {
            options.Add("Gateway", string.Join(',', gateways));
        }

        return new ClusterSettings(options.ToImmutable(), context.Environment);
    }

    private static Option<string?> Text(string setting, string name, string value, string purpose) =>
        new(name) { Description = $"{purpose} [default: {ClusterSettings.VariableOf(setting)}]", HelpName = value };
}
