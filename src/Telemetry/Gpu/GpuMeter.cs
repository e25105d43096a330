using System.Diagnostics.Metrics;
using System.Globalization;
using MambaQuant.Pipeline.Telemetry;

namespace MambaQuant.Telemetry.Gpu;

/// <summary>Measures the GPUs of this machine, where there are any.</summary>
internal sealed class GpuMeter : IDisposable
{
    private readonly IGpuReader _gpus;
    private readonly Meter _meter = new(TelemetryNames.Source);

    /// <summary>Measures.</summary>
    /// <param name="gpus">What is measured; owned.</param>
    public GpuMeter(IGpuReader gpus)
    {
        _gpus = gpus;
        _meter.CreateObservableGauge(TelemetryNames.GpuUtilization, () => Each(gpu => gpu.Utilization), "1", "Share of the time in which the GPU computed.");
        _meter.CreateObservableUpDownCounter(TelemetryNames.GpuMemoryUsage, () => Each(gpu => gpu.UsedBytes), "By", "Memory of the GPU that is taken.");
        _meter.CreateObservableUpDownCounter(TelemetryNames.GpuMemoryLimit, () => Each(gpu => gpu.TotalBytes), "By", "Memory of the GPU in all.");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _meter.Dispose();
        _gpus.Dispose();
    }

    private List<Measurement<T>> Each<T>(Func<GpuReading, T> value)
        where T : struct => [.. _gpus.Read().Select(gpu => new Measurement<T>(
            value(gpu), new KeyValuePair<string, object?>(TelemetryNames.HardwareId, gpu.Index.ToString(CultureInfo.InvariantCulture)), new KeyValuePair<string, object?>(TelemetryNames.HardwareName, gpu.Name)))];
}
