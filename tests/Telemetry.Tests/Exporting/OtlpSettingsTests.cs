using MambaQuant.Telemetry.Exporting;
using OpenTelemetry.Exporter;
using Xunit;

namespace MambaQuant.Telemetry.Tests.Exporting;

public sealed class OtlpSettingsTests
{
    [Theory]
    [InlineData("http://host:4317", null, OtlpExportProtocol.Grpc, "http://host:4317/")]
    [InlineData("http://host:4318", null, OtlpExportProtocol.HttpProtobuf, "http://host:4318/v1/traces")]
    [InlineData("http://host:4318/", "http/protobuf", OtlpExportProtocol.HttpProtobuf, "http://host:4318/v1/traces")]
    [InlineData("https://host/otlp/", "HTTP/Protobuf", OtlpExportProtocol.HttpProtobuf, "https://host/otlp/v1/traces")]
    [InlineData(" http://host:4318 ", "grpc", OtlpExportProtocol.Grpc, "http://host:4318/")]
    public void Endpoint_IsForAllSignals(string endpoint, string? protocol, OtlpExportProtocol expected, string traces)
    {
        OtlpSettings settings = Read(("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint), ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol));

        Assert.Empty(settings.Problems);
        Assert.Equal(3, settings.Targets.Count);
        Assert.Equal((expected, traces), (settings.Targets[Signal.Traces].Protocol, settings.Targets[Signal.Traces].Endpoint.ToString()));
    }

    [Fact]
    public void Signal_HasItsOwnWordOnEverything()
    {
        OtlpSettings settings = Read(
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://all:4317"),
            ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://numbers:9090/api/v1/otlp/v1/metrics"),
            ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "http/protobuf"),
            ("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "a=b"),
            ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "500"),
            ("OTEL_LOGS_EXPORTER", "none"));

        Assert.Empty(settings.Problems);
        Assert.Equal(new OtlpTarget(new Uri("http://numbers:9090/api/v1/otlp/v1/metrics"), OtlpExportProtocol.HttpProtobuf, "a=b", 500), settings.Targets[Signal.Metrics]);
        Assert.Equal(new OtlpTarget(new Uri("http://all:4317"), OtlpExportProtocol.Grpc, null, null), settings.Targets[Signal.Traces]);
        Assert.False(settings.Targets.ContainsKey(Signal.Logs));
    }

    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317", "OTEL_EXPORTER_OTLP_ENDPOINT is no address: expected such as http://collector:4317; no metrics, no traces, no logs are sent")]
    [InlineData("OTEL_EXPORTER_OTLP_PROTOCOL", "grcp", "OTEL_EXPORTER_OTLP_PROTOCOL is 'grcp': expected 'grpc' or 'http/protobuf'; no metrics, no traces, no logs are sent")]
    [InlineData("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "http/json", "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL is 'http/json': expected 'grpc' or 'http/protobuf'; no metrics are sent")]
    [InlineData("OTEL_METRICS_EXPORTER", "prometheus", "OTEL_METRICS_EXPORTER is 'prometheus': expected 'otlp' or 'none', as this program has no other exporter; no metrics are sent")]
    public void Signal_IsNotSentWhereAVariableMakesNoSense(string name, string value, string problem)
    {
        OtlpSettings settings = Read((name, value), ("OTEL_EXPORTER_OTLP_ENDPOINT", name == "OTEL_EXPORTER_OTLP_ENDPOINT" ? value : "http://host:4317"));

        Assert.False(settings.Targets.ContainsKey(Signal.Metrics));
        Assert.Equal(problem, string.Join("\n", settings.Problems));
    }

    [Fact]
    public void Secrets_OfAnAddressAreNotShown()
    {
        OtlpSettings settings = Read(("OTEL_EXPORTER_OTLP_ENDPOINT", "https://me:secret@host:4317/?token=secret"));

        Assert.Equal("https://host:4317", settings.Targets[Signal.Logs].Description);
        Assert.DoesNotContain("secret", string.Concat(Read(("OTEL_EXPORTER_OTLP_ENDPOINT", "ftp://me:secret@host")).Problems), StringComparison.Ordinal);
    }

    private static OtlpSettings Read(params (string Name, string? Value)[] variables) =>
        OtlpSettings.Read(name => variables.FirstOrDefault(variable => variable.Name == name).Value);
}
