using System.Diagnostics.Tracing;

namespace MambaQuant.Telemetry.Exporting;

/// <summary>Hears from the OpenTelemetry packages what they would keep to themselves: variables that make no sense, and what did not get through.</summary>
internal sealed class ExporterWatch : EventListener
{
    private const string Exporter = "OpenTelemetry-Exporter-OpenTelemetryProtocol", Sdk = "OpenTelemetry-Sdk";

    private const string Deeper = "see inner exception", WrongProtocol = "; an endpoint for HTTP needs OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf, one for gRPC needs grpc";

    /// <summary>What is said where the endpoint takes the other protocol: gRPC to HTTP, or HTTP to gRPC or to anything else.</summary>
    private static readonly string[] SignsOfTheOtherProtocol = ["HTTP/2", "success: 400", "success: 404", "success: 415"];

    /// <summary>Warnings behind which everything was sent all the same.</summary>
    private static readonly string[] Harmless =
    [
        "UnsupportedAttributeType", "ArrayBufferExceededMaxSize", "GrpcRetryDelayParsingFailed", "ResponseDeserializationFailed", "ResponseDiscardedDueToSizeLimit",
        "HttpClientFactoryUnavailable",
    ];

    private readonly Lock _gate = new();
    private readonly List<string> _problems = [];
    private int _failed;
    private int _succeeded;
    private long _dropped;
    private string _last = string.Empty;

    /// <summary>Called at the first failure, with its cause; null for nobody.</summary>
    public Action<string>? FirstFailure { get; set; }

    /// <summary>Addresses that count, without paths: what is told of others is not of this session.</summary>
    public IReadOnlyCollection<string> Places { get; set; } = [];

    /// <summary>Variables that make no sense, for people.</summary>
    public IReadOnlyList<string> Problems
    {
        get
        {
            lock (_gate)
            {
                return [.. _problems.Distinct()];
            }
        }
    }

    /// <summary>What did not get through; null where everything did.</summary>
    public string? Losses
    {
        get
        {
            lock (_gate)
            {
                string? failures = _failed == 0 ? null : $"{_failed} of {_failed + _succeeded} transmissions failed, the last one to {_last}";
                string? drops = _dropped == 0 ? null : $"{_dropped} records came faster than they could be sent";
                return failures is null || drops is null ? failures ?? drops : $"{failures}; {drops}";
            }
        }
    }

    /// <inheritdoc/>
    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name is Exporter or Sdk)
        {
            EnableEvents(eventSource, eventSource.Name == Exporter ? EventLevel.Informational : EventLevel.Warning);
        }
    }

    /// <inheritdoc/>
    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        ArgumentNullException.ThrowIfNull(eventData);
        string[] payload = [.. (eventData.Payload ?? []).Select(part => part?.ToString() ?? string.Empty)];
        switch (eventData.EventName)
        {
            case "InvalidConfigurationValue":
                Note($"{payload[0]} makes no sense, and is ignored");
                break;
            case "TracesSamplerConfigInvalid":
                Note("OTEL_TRACES_SAMPLER makes no sense, and is ignored");
                break;
            case "TracesSamplerArgConfigInvalid":
                Note("OTEL_TRACES_SAMPLER_ARG makes no sense, and is ignored");
                break;
            case "ExistsDroppedExportProcessorItems":
                lock (_gate)
                {
                    _dropped += long.TryParse(payload[^1], out long count) ? count : 1;
                }

                break;
            case "ExportSuccess":
                lock (_gate)
                {
                    _succeeded += Places.Contains(Place(payload[0])) ? 1 : 0;
                }

                break;
            default:
                if (eventData.EventSource.Name == Exporter && eventData.Level <= EventLevel.Warning && !Harmless.Contains(eventData.EventName))
                {
                    Fail(payload);
                }

                break;
        }
    }

    /// <summary>What an exception says in its first line, or in the one behind where it says nothing, without the names of types.</summary>
    /// <param name="text">The exception as it prints itself.</param>
    private static string FirstLine(string text)
    {
        string[] lines = text.Split('\n');
        string line = lines.Length > 1 && lines[0].Contains(Deeper, StringComparison.Ordinal) ? lines[1].Replace("--->", "", StringComparison.Ordinal) : lines[0];
        line = line.Trim();
        int colon = line.IndexOf(": ", StringComparison.Ordinal);
        return (colon > 0 && !line[..colon].Contains(' ') ? line[(colon + 2)..] : line).TrimEnd('.');
    }

    private static string? Place(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? endpoint) && endpoint.Scheme is "http" or "https" ? endpoint.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped) : null;

    private void Note(string problem)
    {
        lock (_gate)
        {
            _problems.Add(problem);
        }
    }

    private void Fail(string[] payload)
    {
        string? place = payload.Length > 0 ? Place(payload[0]) : null;
        if (place is not null && !Places.Contains(place))
        {
            return;
        }

        string cause = payload.Skip(place is null ? 0 : 1).Select(FirstLine).LastOrDefault(part => part.Length > 0) ?? "no answer";
        cause += SignsOfTheOtherProtocol.Any(sign => cause.Contains(sign, StringComparison.Ordinal)) ? WrongProtocol : string.Empty;
        bool isFirst;
        lock (_gate)
        {
            isFirst = ++_failed == 1;
            _last = $"{place ?? "the collector"}: {cause}";
        }

        if (isFirst)
        {
            FirstFailure?.Invoke(_last);
        }
    }
}
