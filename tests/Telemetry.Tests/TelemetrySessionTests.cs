using System.Diagnostics;
using MambaQuant.Pipeline.Telemetry;
using MambaQuant.Pipeline.Tests.Local;
using MambaQuant.Quant.Recipes;
using MambaQuant.Telemetry.Tests.Receiving;
using MambaQuant.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace MambaQuant.Telemetry.Tests;

[Collection(nameof(Measured))]
public sealed class TelemetrySessionTests
{
    [Theory]
    [InlineData("grpc")]
    [InlineData("http/protobuf")]
    public async Task Job_ArrivesAsMetricsSpansAndLogs(string protocol)
    {
        await using OtlpReceiver receiver = await OtlpReceiver.StartAsync();
        List<string> told = [];
        using (TelemetrySession.Start(Variables.Options(
            told,
            ("OTEL_EXPORTER_OTLP_ENDPOINT", protocol == "grpc" ? receiver.GrpcAddress : receiver.HttpAddress),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=seven"),
            ("OTEL_SERVICE_NAME", "mine"),
            ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test"))))
        {
            SmallRun.Quantize();
        }

        Assert.True(told.Count == 0, string.Join('\n', told));
        Assert.Equal("seven", receiver.Headers["x-tenant"]);
        Assert.All(receiver.Metrics, metric => Assert.Equal(("mine", "here"), (metric.Service, metric.Instance)));
        string[] names = [.. receiver.Metrics.Select(metric => metric.Name).Distinct()];
        Assert.Contains(TelemetryNames.CalibrationTokens, names);
        Assert.Contains("dotnet.process.memory.working_set", names);
        Assert.DoesNotContain("dotnet.jit.compiled_methods", names);
        ReceivedSpan job = Assert.Single(receiver.Spans, span => span.Name == TelemetryNames.JobSpan);
        Assert.All(receiver.Spans.Where(span => span.Trace == job.Trace), span => Assert.Equal(("mine", "here"), (span.Service, span.Instance)));
        Assert.NotEmpty(receiver.Logs);
        Assert.All(receiver.Logs, log => Assert.Equal(job.Trace, log.Trace));
        ReceivedLog end = Assert.Single(receiver.Logs, log => log.Event == "ptq.job.finished");
        Assert.Equal(job.Attributes[TelemetryNames.Job], end.Attributes["Job"]);
        Assert.StartsWith($"job {job.Attributes[TelemetryNames.Job]} has its result, ", end.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Job_IsATreeOfStagesItemsGroupsAndCalls()
    {
        await using OtlpReceiver receiver = await OtlpReceiver.StartAsync();
        using (TelemetrySession.Start(Variables.Options([], ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", receiver.GrpcAddress))))
        {
            SmallRun.Quantize();
        }

        Assert.Empty(receiver.Metrics);
        Assert.Empty(receiver.Logs);
        Dictionary<string, ReceivedSpan> spans = receiver.Spans.ToDictionary(span => span.Span, StringComparer.Ordinal);
        ReceivedSpan job = spans.Values.Single(span => span.Name == TelemetryNames.JobSpan);
        Assert.Equal("", job.Parent);
        Assert.Single(spans.Values.Select(span => span.Trace).Distinct());
        foreach (ReceivedSpan span in spans.Values.Where(span => span != job))
        {
            ReceivedSpan parent = spans[span.Parent];
            string expected = span.Name.Split(' ')[0] switch
            {
                TelemetryNames.StageSpan => TelemetryNames.JobSpan,
                TelemetryNames.ItemSpan => $"{TelemetryNames.StageSpan} {span.Attributes[TelemetryNames.Stage]}",
                _ when KernelGroups.All.Contains(parent.Name) => parent.Name,
                _ => $"{TelemetryNames.ItemSpan} {parent.Attributes.GetValueOrDefault(TelemetryNames.Stage)}",
            };
            Assert.Equal(expected, parent.Name);
        }

        string[] names = [.. spans.Values.Select(span => span.Name)];
        foreach (string group in new[] { KernelGroups.Load, KernelGroups.Forward, KernelGroups.Statistics, KernelGroups.Merge, KernelGroups.Eigen, KernelGroups.Search, KernelGroups.Gptq, KernelGroups.Pack, KernelGroups.Tokenize })
        {
            Assert.Contains(group, names);
        }

        Assert.Contains("store put", names);
        Assert.Contains("store read", names);
        Assert.All(spans.Values, span => Assert.False(span.IsError, span.Message));
    }

    [Fact]
    public void Nothing_IsSentWithoutAnEndpoint()
    {
        List<string> told = [];

        Assert.Null(TelemetrySession.Start(Variables.Options(told)));
        Assert.Null(TelemetrySession.Start(Variables.Options(told, ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"))));
        Assert.Null(TelemetrySession.Start(Variables.Options(told, ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"), ("OTEL_SDK_DISABLED", "true"))));
        Assert.Empty(told);
        Assert.False(PipelineInstruments.Spanning.HasListeners());
    }

    [Fact]
    public void Endpoint_ThatRefusesIsToldOnceAndTheJobGoesOn()
    {
        List<string> told = [];
        using (TelemetrySession.Start(Variables.Options(told, ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9"), ("OTEL_BSP_SCHEDULE_DELAY", "50"))))
        {
            SmallRun.Quantize();
        }

        Assert.Matches(
            @"^telemetry does not get through, the work goes on without it: http://127\.0\.0\.1:9: Connection refused \(127\.0\.0\.1:9\)\ntelemetry is not complete: \d+ of \d+ transmissions failed, the last one to http://127\.0\.0\.1:9: Connection refused \(127\.0\.0\.1:9\)$",
            string.Join('\n', told));
    }

    [Theory]
    [InlineData("grpc")]
    [InlineData("http/protobuf")]
    public void Endpoint_ThatNeverAnswersDelaysNoJobAndNoEnd(string protocol)
    {
        using var deaf = new DeafServer();
        List<string> told = [];
        TelemetrySession? session = TelemetrySession.Start(Variables.Options(
            told, ("OTEL_EXPORTER_OTLP_ENDPOINT", deaf.Address), ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol), ("OTEL_BSP_SCHEDULE_DELAY", "20"), ("OTEL_METRIC_EXPORT_INTERVAL", "50"), ("OTEL_EXPORTER_OTLP_TIMEOUT", "600000")) with
        {
            ToClose = TimeSpan.FromSeconds(2),
        });
        SmallRun.Quantize();
        Assert.True(deaf.Connections > 0, "nobody called");
        long ended = Stopwatch.GetTimestamp();

        session!.Dispose();

        // Measured: 2.0 s; without a bound it would be the exporter's ten minutes.
        Assert.InRange(Stopwatch.GetElapsedTime(ended).TotalSeconds, 0, 60);
        Assert.EndsWith($"{deaf.Address} took longer than 2 s for the last of it, which may be lost", Assert.Single(told), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("refuses", "grpc")]
    [InlineData("refuses", "http/protobuf")]
    [InlineData("never answers", "grpc")]
    [InlineData("never answers", "http/protobuf")]
    [InlineData("is out of service", "grpc")]
    [InlineData("is out of service", "http/protobuf")]
    public async Task Endpoint_ThatDoesNotServeSlowsNoJob(string how, string protocol)
    {
        using var deaf = new DeafServer();
        await using OtlpReceiver unavailable = await OtlpReceiver.StartAsync(StatusCodes.Status503ServiceUnavailable);
        string endpoint = how switch
        {
            "refuses" => "http://127.0.0.1:9",
            "never answers" => deaf.Address,
            _ => protocol == "grpc" ? unavailable.GrpcAddress : unavailable.HttpAddress,
        };
        double without = Usual();
        using TelemetrySession? session = TelemetrySession.Start(Variables.Options(
            [], ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint), ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol), ("OTEL_BSP_SCHEDULE_DELAY", "20"), ("OTEL_METRIC_EXPORT_INTERVAL", "50"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "600000")) with
        {
            ToClose = TimeSpan.FromSeconds(1),
        });

        double with = Usual();

        // A job that waited for a transmission would wait ten minutes, or retry for seconds. Measured: 0.2 to 0.4 s with and without.
        Assert.InRange(with, 0, (4 * without) + 2);
        long ended = Stopwatch.GetTimestamp();
        session!.Dispose();
        Assert.InRange(Stopwatch.GetElapsedTime(ended).TotalSeconds, 0, 60);

        static double Usual() => Durations.Median(3, _ => SmallRun.Quantize(RecipePresets.SmoothQuant));
    }

    [Theory]
    [InlineData("grpc")]
    [InlineData("http/protobuf")]
    public async Task Endpoint_OfTheOtherProtocolIsToldWithTheVariableToSet(string protocol)
    {
        await using OtlpReceiver receiver = await OtlpReceiver.StartAsync();
        List<string> told = [];
        using (TelemetrySession.Start(Variables.Options(
            told,
            ("OTEL_EXPORTER_OTLP_ENDPOINT", protocol == "grpc" ? receiver.HttpAddress : receiver.GrpcAddress),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol))))
        {
            SmallRun.Quantize();
        }

        Assert.True(told[^1].Contains("an endpoint for HTTP needs OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf, one for gRPC needs grpc", StringComparison.Ordinal), told[^1]);
    }

    [Fact]
    public void Variables_ThatMakeNoSenseAreToldAndIgnored()
    {
        List<string> told = [];

        using TelemetrySession? session = TelemetrySession.Start(Variables.Options(
            told,
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon"),
            ("OTEL_TRACES_SAMPLER", "some"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "often")));

        Assert.NotNull(session);
        Assert.Equal(
            [
                "telemetry: OTEL_EXPORTER_OTLP_TIMEOUT makes no sense, and is ignored",
                "telemetry: OTEL_METRIC_EXPORT_INTERVAL makes no sense, and is ignored",
                "telemetry: OTEL_TRACES_SAMPLER makes no sense, and is ignored",
            ],
            told.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_HEADERS", "abc", "what the OTEL_ variables say cannot be used: Headers provided in an invalid format; no metrics, no traces, no logs are sent")]
    [InlineData("OTEL_EXPORTER_OTLP_CERTIFICATE", "/nowhere/ca.pem", "what the OTEL_ variables say cannot be used: CA Certificate file not found at path: /nowhere/ca.pem; no metrics, no traces, no logs are sent")]
    [InlineData("OTEL_METRIC_EXPORT_INTERVAL", "0", "what the OTEL_ variables say cannot be used: ")]
    [InlineData("OTEL_METRIC_EXPORT_INTERVAL", "-5", "OTEL_METRIC_EXPORT_INTERVAL makes no sense, and is ignored")]
    public void Variable_ThatThePackagesRefuseCostsSignalsButNotTheWork(string name, string value, string expected)
    {
        List<string> told = [];

        using (TelemetrySession? session = TelemetrySession.Start(Variables.Options(told, ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://127.0.0.1:9"), (name, value))))
        {
            Assert.Equal(expected.Contains("no logs", StringComparison.Ordinal), session is null);
            session?.Loggers.CreateLogger("any");
        }

        Assert.Contains(told, line => line.StartsWith($"telemetry: {expected}", StringComparison.Ordinal));
        Assert.DoesNotContain(told, line => line.Contains('\n', StringComparison.Ordinal));
    }

    [Fact]
    public async Task Failure_IsAnErrorOfItsSpansAndInTheLog()
    {
        await using OtlpReceiver receiver = await OtlpReceiver.StartAsync();
        using (TelemetrySession.Start(Variables.Options([], ("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.GrpcAddress))))
        {
            Assert.ThrowsAny<Exception>(() => SmallRun.Quantize(weights: TinyModel.Synthetic with
            {
                Edit = (name, values) => values[0] = name.EndsWith("out_proj.weight", StringComparison.Ordinal) ? float.NaN : values[0],
            }));
        }

        ReceivedSpan[] failed = [.. receiver.Spans.Where(span => span.IsError)];
        Assert.Contains(failed, span => span.Name.StartsWith(TelemetryNames.ItemSpan, StringComparison.Ordinal) && span.Attributes["error.type"].Length > 0);
        ReceivedSpan job = Assert.Single(failed, span => span.Name == TelemetryNames.JobSpan);
        ReceivedLog log = Assert.Single(receiver.Logs, log => log.Event == "ptq.job.failed");
        Assert.Equal(("Error", job.Trace), (log.Severity, log.Trace));
        Assert.Contains(receiver.Metrics, metric => metric.Name == TelemetryNames.ItemDuration && metric.Points.Any(point => point.Attributes.GetValueOrDefault(TelemetryNames.ItemOutcome) == "failed"));
    }
}
