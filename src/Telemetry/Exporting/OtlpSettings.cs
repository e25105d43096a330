using System.Collections.Immutable;
using System.Globalization;
using OpenTelemetry.Exporter;

namespace MambaQuant.Telemetry.Exporting;

/// <summary>What the OTEL_ variables say about where signals go.</summary>
/// <param name="Targets">Where each signal goes that goes anywhere.</param>
/// <param name="Problems">What makes no sense, for people.</param>
internal sealed record OtlpSettings(ImmutableDictionary<Signal, OtlpTarget> Targets, ImmutableArray<string> Problems)
{
    private const string Grpc = "grpc", HttpProtobuf = "http/protobuf", Prefix = "OTEL_EXPORTER_OTLP_";
    private const int HttpPort = 4318;

    /// <summary>Reads the variables.</summary>
    /// <param name="environment">Values of environment variables.</param>
    public static OtlpSettings Read(Func<string, string?> environment)
    {
        var targets = ImmutableDictionary.CreateBuilder<Signal, OtlpTarget>();
        Dictionary<string, List<string>> unsent = new(StringComparer.Ordinal);
        List<string> problems = [];
        if (!string.Equals(Value("OTEL_SDK_DISABLED")?.Trim(), "true", StringComparison.OrdinalIgnoreCase))
        {
            foreach (Signal signal in Enum.GetValues<Signal>().Where(IsWanted))
            {
                if (Target(signal) is { } target)
                {
                    targets.Add(signal, target);
                }
            }
        }

        problems.InsertRange(0, unsent.Select(problem => $"{problem.Key}; no {string.Join(", no ", problem.Value)} are sent"));
        return new OtlpSettings(targets.ToImmutable(), [.. problems]);

        // One wrong word for all signals is one problem.
        void Refuse(Signal signal, string problem)
        {
            if (!unsent.TryGetValue(problem, out List<string>? signals))
            {
                unsent.Add(problem, signals = []);
            }

            signals.Add(Lower(signal));
        }

        string? Value(string name) => environment(name) is { Length: > 0 } value ? value : null;

        bool IsWanted(Signal signal)
        {
            string name = $"OTEL_{signal.ToString().ToUpperInvariant()}_EXPORTER";
            string? exporter = Value(name)?.Trim().ToLowerInvariant();
            if (exporter is not (null or "otlp" or "none"))
            {
                Refuse(signal, $"{name} is '{exporter}': expected 'otlp' or 'none', as this program has no other exporter");
            }

            return exporter is null or "otlp";
        }

        OtlpTarget? Target(Signal signal)
        {
            (string? name, string? own) = Either(signal, "ENDPOINT");
            if (own is null)
            {
                return null;
            }

            if (!Uri.TryCreate(own.Trim(), UriKind.Absolute, out Uri? endpoint) || endpoint.Scheme is not ("http" or "https"))
            {
                Refuse(signal, $"{name} is no address: expected such as http://collector:4317");
                return null;
            }

            (string? protocolName, string? text) = Either(signal, "PROTOCOL");
            OtlpExportProtocol? protocol = text?.Trim().ToLowerInvariant() switch
            {
                null => endpoint.Port == HttpPort ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc,
                Grpc => OtlpExportProtocol.Grpc,
                HttpProtobuf => OtlpExportProtocol.HttpProtobuf,
                _ => null,
            };
            if (protocol is not { } known)
            {
                Refuse(signal, $"{protocolName} is '{text}': expected '{Grpc}' or '{HttpProtobuf}'");
                return null;
            }

            bool isOwn = name != Prefix + "ENDPOINT";
            string? timeout = Value(NameOf(signal, "TIMEOUT"));
            int? patience = null;
            if (timeout is not null)
            {
                if (int.TryParse(timeout, NumberStyles.None, CultureInfo.InvariantCulture, out int milliseconds) && milliseconds > 0)
                {
                    patience = milliseconds;
                }
                else
                {
                    problems.Add($"{NameOf(signal, "TIMEOUT")} is '{timeout}': expected milliseconds; it is ignored");
                }
            }

            Uri address = known == OtlpExportProtocol.HttpProtobuf && !isOwn ? Below(endpoint, $"v1/{Lower(signal)}") : endpoint;
            return new OtlpTarget(address, known, Value(NameOf(signal, "HEADERS")), patience);
        }

        (string? Name, string? Value) Either(Signal signal, string what) =>
            Value(NameOf(signal, what)) is { } own ? (NameOf(signal, what), own) : (Prefix + what, Value(Prefix + what));
    }

    private static string NameOf(Signal signal, string what) => $"{Prefix}{signal.ToString().ToUpperInvariant()}_{what}";

    private static string Lower(Signal signal) => signal.ToString().ToLowerInvariant();

    private static Uri Below(Uri endpoint, string path) => new UriBuilder(endpoint) { Path = $"{endpoint.AbsolutePath.TrimEnd('/')}/{path}" }.Uri;
}
