using System.Collections.Immutable;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling.Outputs;
using MambaQuant.Pipeline.Telemetry;
using MambaQuant.Pipeline.Tests.Local;
using MambaQuant.Quant.Recipes;
using MambaQuant.Telemetry.Gpu;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Telemetry.Tests.Documents;

/// <summary>Everything that real runs emit: metrics with their attributes, spans with theirs.</summary>
internal sealed class Emission : IDisposable
{
    private static readonly Lazy<Emission> Once = new(Run);

    private readonly MeterListener _meters = new();
    private readonly ActivityListener _activities;
    private readonly Dictionary<Instrument, EmittedMetric> _metrics = [];

    private Emission()
    {
        _meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == TelemetryNames.Source || (instrument.Meter.Name == "System.Runtime" && TelemetrySession.RuntimeInstruments.Contains(instrument.Name)))
            {
                _metrics.Add(instrument, new EmittedMetric(instrument.Name, instrument.Unit ?? "", KindOf(instrument), instrument.Meter.Name));
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _meters.SetMeasurementEventCallback<long>((instrument, _, tags, _) => Note(instrument, tags));
        _meters.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Note(instrument, tags));
        _meters.SetMeasurementEventCallback<int>((instrument, _, tags, _) => Note(instrument, tags));
        _activities = new ActivityListener
        {
            ShouldListenTo = source => source.Name == TelemetryNames.Source,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span =>
            {
                lock (_metrics)
                {
                    Spans.Add((span.OperationName, span.Parent?.OperationName, [.. span.TagObjects.Where(tag => tag.Value is not null).Select(tag => tag.Key)]));
                }
            },
        };
    }

    /// <summary>Metrics that were measured: to exist is not enough.</summary>
    public IEnumerable<EmittedMetric> Metrics => _metrics.Values.Where(metric => metric.IsMeasured);

    /// <summary>Spans: name, the parent's within the process, attributes that have a value.</summary>
    public List<(string Name, string? Parent, string[] Attributes)> Spans { get; } = [];

    /// <summary>What runs of all kinds emit; they are run once.</summary>
    public static Emission Of() => Once.Value;

    /// <inheritdoc/>
    public void Dispose()
    {
        _meters.Dispose();
        _activities.Dispose();
    }

    private static Emission Run()
    {
        using var emission = new Emission();
        emission._meters.Start();
        ActivitySource.AddActivityListener(emission._activities);
        using var gpus = new GpuMeter(new MadeUpGpus());
        using (Tracing.Command("quantize"))
        {
            SmallRun.Quantize(RecipePresets.MambaQuant, heard: emission._meters.RecordObservableInstruments);
        }

        SmallRun.Quantize(RecipePresets.RoundToNearest);
        Assert.ThrowsAny<Exception>(() => SmallRun.Quantize(weights: TinyModel.Synthetic with
        {
            Edit = (name, values) => values[0] = name.EndsWith("out_proj.weight", StringComparison.Ordinal) ? float.NaN : values[0],
        }));
        SmallRun.Evaluate();
        LoseAsync().GetAwaiter().GetResult();
        BreakAsync().GetAwaiter().GetResult();
        return emission;
    }

    /// <summary>A worker that is lost with its item.</summary>
    private static async Task LoseAsync()
    {
        SchedulerDriver driver = await MadeUpDrive.BeginAsync(new MemoryArtifactStore(), "owner");
        Assert.Contains(await MadeUpDrive.AssignAsync(driver), output => output is Assign);
        driver.PostLost([MadeUpDrive.Worker], "a test took it", isDrained: false);
        Assert.Contains(await driver.NextAsync(CancellationToken.None), output => output is Returned);
        driver.Close();
    }

    /// <summary>A store that fails, and one that asks for a transfer again, within an item.</summary>
    private static async Task BreakAsync()
    {
        using var worker = new WorkerMeter();
        using ItemMeter meter = worker.Begin("0123456789abcdef", new WorkItem(0, WorkKind.Assemble, -1, 1, 3, new ArtifactKey(new string('0', 64)), [], default!), 1, default);
        var store = new MeteredStore(new BrokenStore());
        await Assert.ThrowsAsync<ArtifactStoreException>(() => store.HeadAsync("a", CancellationToken.None));
        await Assert.ThrowsAsync<ArtifactStoreException>(() => store.PutIfAbsentAsync("a", async (stream, token) => await stream.WriteAsync("a"u8.ToArray(), token), CancellationToken.None));
    }

    private static string KindOf(Instrument instrument) => instrument.GetType().Name.Split('`')[0] switch
    {
        "Counter" or "ObservableCounter" => "counter",
        "UpDownCounter" or "ObservableUpDownCounter" => "updowncounter",
        "Histogram" => "histogram",
        _ => "gauge",
    };

    private void Note(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        lock (_metrics)
        {
            EmittedMetric metric = _metrics[instrument];
            metric.IsMeasured = true;
            foreach ((string name, object? value) in tags)
            {
                metric.Attributes.Add(name);
                if (!metric.Values.TryGetValue(name, out HashSet<string>? values))
                {
                    metric.Values.Add(name, values = []);
                }

                values.Add($"{value}");
            }
        }
    }

    private sealed class MadeUpGpus : IGpuReader
    {
        public IReadOnlyList<GpuReading> Read() => [new(0, "NVIDIA H100", 0.5, 1 << 30, 80L << 30)];

        public void Dispose()
        {
        }
    }

    private sealed class BrokenStore : IArtifactStore
    {
        public string Description => "broken";

        public Task<ArtifactInfo?> HeadAsync(string name, CancellationToken cancellation) => Task.FromException<ArtifactInfo?>(new ArtifactStoreException("away"));

        public Task<Stream> OpenReadAsync(string name, long offset, long? length, CancellationToken cancellation) => throw new NotSupportedException();

        /// <summary>Has everything sent twice, and keeps nothing.</summary>
        public async Task<PutOutcome> PutIfAbsentAsync(string name, Func<Stream, CancellationToken, Task> write, CancellationToken cancellation)
        {
            await write(Stream.Null, cancellation);
            await write(Stream.Null, cancellation);
            throw new ArtifactStoreException("away");
        }

        public IAsyncEnumerable<ArtifactInfo> ListAsync(string prefix, CancellationToken cancellation) => throw new NotSupportedException();

        public Task<bool> DeleteAsync(string name, CancellationToken cancellation) => throw new NotSupportedException();
    }
}
