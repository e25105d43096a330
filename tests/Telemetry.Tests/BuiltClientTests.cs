using System.Diagnostics;
using MambaQuant.Pipeline.Telemetry;
using MambaQuant.Telemetry.Tests.Receiving;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Telemetry.Tests;

/// <summary>The program as it is built, as a process of its own.</summary>
[Collection(nameof(Measured))]
public sealed class BuiltClientTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Quantize_SendsAllSignals()
    {
        await using OtlpReceiver receiver = await OtlpReceiver.StartAsync();

        (int code, string printed) = Quantize("with", ("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.GrpcAddress));

        Assert.True(code == 0, printed);
        ReceivedSpan command = Assert.Single(receiver.Spans, span => span.Name == "command quantize");
        Assert.Equal("mambaquant", command.Service);
        Assert.Equal(command.Span, Assert.Single(receiver.Spans, span => span.Name == TelemetryNames.JobSpan).Parent);
        Assert.Contains(receiver.Metrics, metric => metric.Name == TelemetryNames.QuantizationSqnr && metric.Points.Any(point => point.Attributes[TelemetryNames.ModuleType] == "in_proj"));
        Assert.Contains(receiver.Logs, log => log.Event == "ptq.stage.finished" && log.Trace == command.Trace);
    }

    [Fact]
    public void Quantize_GivesTheSameBytesAndEndsSoon_WhereNobodyAnswers()
    {
        using var deaf = new DeafServer();
        (int code, string printed) = Quantize("without");
        Assert.True(code == 0, printed);
        long started = Stopwatch.GetTimestamp();

        (code, printed) = Quantize("deaf", ("OTEL_EXPORTER_OTLP_ENDPOINT", deaf.Address));

        Assert.True(code == 0, printed);
        Assert.Contains($"{deaf.Address} took longer than 2 s for the last of it, which may be lost", printed, StringComparison.Ordinal);
        Assert.Equal(KilledRuns.HashOf(_folder.File("without")), KilledRuns.HashOf(_folder.File("deaf")));
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, Patience);
    }

    private (int Code, string Printed) Quantize(string output, params (string Name, string Value)[] variables)
    {
        using ChildProcess process = ChildProcess.Start(
            "dotnet",
            ["exec", Path.Combine(AppContext.BaseDirectory, "mambaquant.dll"), "quantize", Repository.Path("samples/mamba-5m"), "--out", _folder.File(output), "--preset", "rtn", "--samples", "2", "--seq-len", "16"],
            variables.ToDictionary(variable => variable.Name, variable => variable.Value, StringComparer.Ordinal));
        return (process.WaitForEnd(Patience), process.Printed);
    }
}
