using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using MambaQuant.Dashboard.Hosting;
using MambaQuant.Grains.Connecting;
using Microsoft.Extensions.Configuration;

namespace MambaQuant.Silo.Configuration;

/// <summary>Reads the configuration of a silo, and tells every problem of it at once.</summary>
internal sealed class SiloSettingsReader
{
    private const int LargestPort = 65535;
    private const int MostSlots = 1024;
    private const int LongestName = 256;

    private readonly IConfigurationSection _section;
    private readonly Func<string, string?> _environment;
    private readonly ImmutableArray<string>.Builder _problems = ImmutableArray.CreateBuilder<string>();

    private SiloSettingsReader(IConfigurationSection section, Func<string, string?> environment)
    {
        _section = section;
        _environment = environment;
    }

    /// <summary>Reads.</summary>
    /// <param name="configuration">Files, environment and arguments, the later ones winning.</param>
    /// <param name="environment">Variables that Kubernetes sets: POD_NAME, POD_IP.</param>
    /// <exception cref="InvalidSiloConfigurationException">Something is wrong; the message has all of it.</exception>
    public static SiloConfiguration Read(IConfiguration configuration, Func<string, string?> environment)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(environment);
        var reader = new SiloSettingsReader(configuration.GetSection(SiloSettings.Section), environment);
        SiloConfiguration read = reader.Read();
        return reader._problems.Count == 0 ? read : throw new InvalidSiloConfigurationException(reader._problems.ToImmutable());
    }

    private SiloConfiguration Read()
    {
        NameUnknown();
        int slots = Number("Slots", 1, 0, MostSlots);
        int siloPort = Port("SiloPort", ClusterAddress.DefaultSiloPort);
        int gatewayPort = Port("GatewayPort", ClusterAddress.DefaultGatewayPort);
        int healthPort = Number("HealthPort", 8080, 0, LargestPort);
        if (siloPort == gatewayPort || siloPort == healthPort || gatewayPort == healthPort)
        {
            Problem("SiloPort", $"SiloPort {siloPort}, GatewayPort {gatewayPort} and HealthPort {healthPort} must differ");
        }

        TimeSpan heartbeat = Seconds("Heartbeat", 3, 0.05), lease = Seconds("Lease", 15, 0.1);
        if (lease < 3 * heartbeat)
        {
            Problem("Lease", $"{Text(lease)} s are less than three heartbeats of {Text(heartbeat)} s: one lost message would cost an item");
        }

        ClusterAddress cluster = new ClusterAddressReader(Value, Problem).Read();
        bool listensOnAny = cluster.Clustering != ClusteringKind.Localhost;
        return new SiloConfiguration
        {
            Store = Required("Store"),
            Scratch = Value("Scratch") ?? Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"mambaquant-silo-{siloPort}")),
            Slots = slots,
            SlotMemory = Bytes("SlotMemory") ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / Math.Max(1, slots),
            Threads = Number("Threads", Environment.ProcessorCount, 1, MostSlots),
            Cluster = cluster,
            Endpoint = new SiloEndpoint(
                Name(siloPort),
                Advertised(),
                siloPort,
                gatewayPort,
                ListensOnAny: listensOnAny),
            HealthPort = healthPort,
            Dashboard = Dashboard(listensOnAny, siloPort, gatewayPort, healthPort),
            Lease = lease,
            Heartbeat = heartbeat,
            ExitWhenIdle = Value("ExitWhenIdle") is null ? null : Seconds("ExitWhenIdle", 0, 1),
            Shutdown = Seconds("ShutdownSeconds", 120, 1),
        };
    }

    private DashboardOptions? Dashboard(bool listensOnAny, params ReadOnlySpan<int> others)
    {
        if (Value("DashboardPort") is null)
        {
            return null;
        }

        var options = new DashboardOptions { Address = listensOnAny ? IPAddress.Any : IPAddress.Loopback, Port = Number("DashboardPort", 0, 0, LargestPort), Token = Secret("DashboardToken") };
        if (options.Port > 0 && others.Contains(options.Port))
        {
            Problem("DashboardPort", $"{options.Port} is the port of something else already: the live page needs one of its own");
        }

        if (options.Problem() is { } problem)
        {
            Problem(options.Token is null ? "DashboardPort" : "DashboardToken", problem);
        }

        return options;
    }

    /// <summary>A secret, or env:NAME for the variable that holds it.</summary>
    private string? Secret(string name)
    {
        const string VariablePrefix = "env:";
        if (Value(name) is not { } text || !text.StartsWith(VariablePrefix, StringComparison.Ordinal))
        {
            return Value(name);
        }

        string variable = text[VariablePrefix.Length..];
        return _environment(variable) is { Length: > 0 } value ? value : Wrong<string?>(name, text, "a variable that is set", null);
    }

    private string Name(int siloPort)
    {
        string name = Value("SiloName") ?? _environment("POD_NAME") ?? string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}-{siloPort}");
        return name.Any(letter => letter == '/' || char.IsControl(letter)) || name.Length > LongestName
            ? Wrong("SiloName", string.Concat(name.Select(letter => char.IsControl(letter) ? '?' : letter)), $"at most {LongestName} characters, none of them '/' (which parts the name of a silo from those of its slots) or a control character", "silo")
            : name;
    }

    private IPAddress Advertised()
    {
        string? text = Value("AdvertisedAddress") ?? _environment("POD_IP");
        return text is null ? IPAddress.Loopback
            : IPAddress.TryParse(text, out IPAddress? address) ? address : Wrong("AdvertisedAddress", text, "an IP address", IPAddress.Loopback);
    }

    private void NameUnknown()
    {
        // What only clients need may stand beside: they read the same variables.
        var known = SiloSettings.Known.Select(setting => setting.Name).Concat(ClusterAddressReader.Names).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (string name in _section.GetChildren().Select(child => child.Key).Where(name => !known.Contains(name)))
        {
            Problem(name, $"there is no such setting; known are {string.Join(", ", SiloSettings.Known.Select(setting => setting.Name))}");
        }
    }

    private string? Value(string name) => _section[name] is { } text && !string.IsNullOrWhiteSpace(text) ? text.Trim() : null;

    private string Required(string name)
    {
        if (Value(name) is { } text)
        {
            return text;
        }

        Problem(name, $"is missing: {SiloSettings.Known.First(setting => setting.Name == name).Purpose}");
        return "";
    }

    private int Port(string name, int otherwise) => Number(name, otherwise, 1, LargestPort);

    private int Number(string name, int otherwise, int least, int most) => Value(name) is not { } text
        ? otherwise
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most
            ? value
            : Wrong(name, text, string.Create(CultureInfo.InvariantCulture, $"a whole number from {least} to {most}"), otherwise);

    private TimeSpan Seconds(string name, double otherwise, double least) => TimeSpan.FromSeconds(Value(name) is not { } text
        ? otherwise
        : double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value) && value >= least && value <= 86_400
            ? value
            : Wrong(name, text, string.Create(CultureInfo.InvariantCulture, $"seconds, from {least} to 86400"), Math.Max(otherwise, least)));

    private long? Bytes(string name)
    {
        if (Value(name) is not { } text)
        {
            return null;
        }

        long unit = char.ToLowerInvariant(text[^1]) switch { 'k' => 1L << 10, 'm' => 1L << 20, 'g' => 1L << 30, 't' => 1L << 40, _ => 1 };
        string digits = unit == 1 ? text : text[..^1];
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long value) && value > 0 && value <= long.MaxValue / unit
            ? value * unit
            : Wrong(name, text, "bytes, with k, m, g or t behind for powers of 1024, such as 8g", 1L);
    }

    private T Wrong<T>(string name, string found, string expected, T otherwise)
    {
        Problem(name, $"expected {expected}, found '{found}'");
        return otherwise;
    }

    private void Problem(string name, string text) => _problems.Add($"{SiloSettings.Section}:{name}: {text}");

    private static string Text(TimeSpan time) => time.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
}
