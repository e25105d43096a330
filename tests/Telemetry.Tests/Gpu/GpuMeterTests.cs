using System.Diagnostics.Metrics;
using MambaQuant.Pipeline.Telemetry;
using MambaQuant.Telemetry.Gpu;
using Xunit;

namespace MambaQuant.Telemetry.Tests.Gpu;

[Collection(nameof(Measured))]
public sealed class GpuMeterTests
{
    [Fact]
    public void EveryGpu_IsMeasured_UnderItsNumberAsText()
    {
        List<(string Name, double Value, object? Id, object? Model)> measured = [];
        using var gpus = new GpuMeter(new TwoGpus());
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Name.StartsWith("hw.", StringComparison.Ordinal))
                {
                    listening.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => measured.Add((instrument.Name, value, tags[0].Value, tags[1].Value)));
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => measured.Add((instrument.Name, value, tags[0].Value, tags[1].Value)));
        listener.Start();
        listener.RecordObservableInstruments();

        Assert.Equal(
            [
                (TelemetryNames.GpuMemoryLimit, 80, "0", "A"), (TelemetryNames.GpuMemoryLimit, 40, "1", "B"),
                (TelemetryNames.GpuMemoryUsage, 7, "0", "A"), (TelemetryNames.GpuMemoryUsage, 8, "1", "B"),
                (TelemetryNames.GpuUtilization, 0.25, "0", "A"), (TelemetryNames.GpuUtilization, 1, "1", "B"),
            ],
            measured.OrderBy(one => one.Name, StringComparer.Ordinal).ThenBy(one => (string)one.Id!, StringComparer.Ordinal));
    }

    private sealed class TwoGpus : IGpuReader
    {
        public IReadOnlyList<GpuReading> Read() => [new(0, "A", 0.25, 7, 80), new(1, "B", 1, 8, 40)];

        public void Dispose()
        {
        }
    }
}
