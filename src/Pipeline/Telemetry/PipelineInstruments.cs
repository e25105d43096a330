using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace MambaQuant.Pipeline.Telemetry;

/// <summary>What the program measures. Where nobody listens a measurement costs a look at a flag.</summary>
public static class PipelineInstruments
{
    private static readonly string Version = typeof(PipelineInstruments).Assembly.GetName().Version!.ToString(3);

    private static readonly InstrumentAdvice<double> Spans = Bounds(0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60, 180, 600, 1800, 3600, 10800, 36000);
    private static readonly InstrumentAdvice<double> Calls = Bounds(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60, 180);
    private static readonly InstrumentAdvice<double> Decibels = Bounds(0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 60, 80);

    /// <summary>The meter.</summary>
    internal static readonly Meter Meter = new(TelemetryNames.Source, Version);

    /// <summary>The source of spans.</summary>
    public static readonly ActivitySource Spanning = new(TelemetryNames.Source, Version);

    /// <inheritdoc cref="TelemetryNames.CalibrationTokens"/>
    internal static readonly Counter<long> CalibrationTokens =
        Meter.CreateCounter<long>(TelemetryNames.CalibrationTokens, "{token}", "Tokens that ran through a layer in a calibration pass.");

    /// <inheritdoc cref="TelemetryNames.EvaluationTokens"/>
    internal static readonly Counter<long> EvaluationTokens =
        Meter.CreateCounter<long>(TelemetryNames.EvaluationTokens, "{token}", "Tokens that ran through a layer in an evaluation.");

    /// <inheritdoc cref="TelemetryNames.StageDuration"/>
    internal static readonly Histogram<double> StageDuration =
        Meter.CreateHistogram(TelemetryNames.StageDuration, "s", "From the beginning of a stage's first item to the end of its last.", tags: null, Spans);

    /// <inheritdoc cref="TelemetryNames.ItemDuration"/>
    internal static readonly Histogram<double> ItemDuration =
        Meter.CreateHistogram(TelemetryNames.ItemDuration, "s", "Duration of an attempt at an item.", tags: null, Spans);

    /// <inheritdoc cref="TelemetryNames.ItemRetries"/>
    internal static readonly Counter<long> ItemRetries =
        Meter.CreateCounter<long>(TelemetryNames.ItemRetries, "{retry}", "Attempts that ended without a result, so that the item is given out again.");

    /// <inheritdoc cref="TelemetryNames.LeasesLost"/>
    internal static readonly Counter<long> LeasesLost =
        Meter.CreateCounter<long>(TelemetryNames.LeasesLost, "{lease}", "Leases whose holder is gone, or was silent for too long.");

    /// <inheritdoc cref="TelemetryNames.StoreIo"/>
    internal static readonly Counter<long> StoreIo = Meter.CreateCounter<long>(TelemetryNames.StoreIo, "By", "Bytes to and from the store.");

    /// <inheritdoc cref="TelemetryNames.StoreDuration"/>
    internal static readonly Histogram<double> StoreDuration =
        Meter.CreateHistogram(TelemetryNames.StoreDuration, "s", "Duration of a call to the store, a transfer included.", tags: null, Calls);

    /// <inheritdoc cref="TelemetryNames.QuantizationSqnr"/>
    internal static readonly Histogram<double> QuantizationSqnr = Meter.CreateHistogram(
        TelemetryNames.QuantizationSqnr, "dB", "Signal to quantization noise of a module's weights as stored, against the transformed ones.", tags: null, Decibels);

    /// <inheritdoc cref="TelemetryNames.StoreRetries"/>
    public static readonly Counter<long> StoreRetries =
        Meter.CreateCounter<long>(TelemetryNames.StoreRetries, "{retry}", "Requests to the store, or transfers, that were repeated.");

    static PipelineInstruments()
    {
        JobMeter.AddInstruments(Meter);
        WorkerMeter.AddInstruments(Meter);
    }

    /// <summary>An attribute.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value.</param>
    internal static KeyValuePair<string, object?> Tag(string name, object value) => new(name, value);

    private static InstrumentAdvice<double> Bounds(params double[] bounds) => new() { HistogramBucketBoundaries = bounds };
}
