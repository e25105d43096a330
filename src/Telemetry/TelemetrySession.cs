using System.Collections.Immutable;
using System.Diagnostics;
using System.Security.Cryptography;
using MambaQuant.Pipeline.Telemetry;
using MambaQuant.Telemetry.Exporting;
using MambaQuant.Telemetry.Gpu;
using MambaQuant.Telemetry.Logging;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace MambaQuant.Telemetry;

/// <summary>Sends what this process measures, traces and logs to a collector, from its start to its end.</summary>
/// <remarks>
/// Everything is sent by threads of its own, which nobody waits for: an endpoint that is dead or slow costs records, never time of a job. docs/telemetry.md
/// lists settings and names.
/// </remarks>
public sealed class TelemetrySession : IDisposable
{
    /// <summary>Environment variable that, at "1", has Orleans' calls traced too: a span for each, those between silos and slots every few seconds included.</summary>
    public const string TraceCallsVariable = "MAMBAQUANT_TRACE_CALLS";

    private const string Orleans = "Microsoft.Orleans", Runtime = "System.Runtime", Category = "MambaQuant.Jobs";

    private static readonly string[] EndpointVariables =
        ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"];

    private readonly TelemetryOptions _options;
    private readonly IConfiguration _variables;
    private readonly ExporterWatch _watch = new();
    private readonly MeterProvider? _metrics;
    private readonly TracerProvider? _traces;
    private readonly ILoggerFactory? _logs;
    private readonly GpuMeter? _gpus;
    private readonly JobLog? _jobs;
    private readonly List<(Signal Signal, string Cause)> _unsent = [];
    private bool _isDisposed;

    private TelemetrySession(TelemetryOptions options, ImmutableDictionary<Signal, OtlpTarget> targets)
    {
        _options = options;
        _variables = new ConfigurationBuilder().Add(new VariableConfiguration(options.Environment)).Build();
        _watch.Places = [.. targets.Values.Select(target => target.Description).Distinct()];
        _watch.FirstFailure = options.TellsAtOnce ? cause => options.Tell($"telemetry does not get through, the work goes on without it: {cause}") : null;
        if (targets.TryGetValue(Signal.Metrics, out OtlpTarget? metrics))
        {
            _metrics = Built(Signal.Metrics, () => Metrics(metrics));
            _gpus = _metrics is not null && Nvml.Open(Nvml.LibraryName) is { } nvml ? new GpuMeter(nvml) : null;
        }

        if (targets.TryGetValue(Signal.Traces, out OtlpTarget? traces))
        {
            _traces = Built(Signal.Traces, () => Traces(traces));
        }

        if (targets.TryGetValue(Signal.Logs, out OtlpTarget? logs))
        {
            _logs = Built(Signal.Logs, () => Logs(logs));
        }

        if (_logs is not null)
        {
            _jobs = new JobLog(_logs.CreateLogger(Category));
            JobEvents.Happened += _jobs.Write;
        }
    }

    /// <summary>Instruments of .NET itself that are sent.</summary>
    public static ImmutableArray<string> RuntimeInstruments { get; } =
    [
        "dotnet.process.memory.working_set", "dotnet.process.cpu.time", "dotnet.gc.last_collection.heap.size", "dotnet.gc.last_collection.memory.committed_size",
        "dotnet.gc.pause.time", "dotnet.thread_pool.queue.length",
    ];

    /// <summary>Loggers whose records are sent; ones that go nowhere where logs are not.</summary>
    public ILoggerFactory Loggers => _logs ?? NullLoggerFactory.Instance;

    /// <summary>Begins, where the variables name an endpoint.</summary>
    /// <param name="options">Who sends.</param>
    /// <returns>To be disposed at the end of the process; null where nothing is to be sent, which costs nothing from then on.</returns>
    public static TelemetrySession? Start(TelemetryOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return EndpointVariables.Any(name => options.Environment(name) is { Length: > 0 }) ? StartSending(options) : null;
    }

    /// <summary>Has a host log into the session, too.</summary>
    /// <param name="logging">The host's logging.</param>
    public void AddTo(ILoggingBuilder logging)
    {
        if (_logs is not null)
        {
            logging.AddProvider(new ForwardingLoggerProvider(_logs));
        }
    }

    /// <summary>Sends what is left, for as long as the options say, and tells what did not get through.</summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        _watch.FirstFailure = null;
        if (_jobs is not null)
        {
            JobEvents.Happened -= _jobs.Write;
        }

        int patience = (int)_options.ToClose.TotalMilliseconds;
        Task[] endings = [Begin(() => _metrics?.Shutdown(patience)), Begin(() => _traces?.Shutdown(patience)), Begin(() => _logs?.Dispose())];
        bool isAllSent;
        try
        {
            isAllSent = Task.WaitAll(endings, _options.ToClose);
        }
        catch (AggregateException)
        {
            // Thrown when all have ended; what each says is told below, as the work that was measured has not failed.
            isAllSent = true;
        }

        string?[] faults = [.. endings.Select(ending => ending.Exception?.InnerException?.Message).Distinct()];
        if (isAllSent && faults.All(fault => fault is null))
        {
            _metrics?.Dispose();
            _traces?.Dispose();
        }

        _gpus?.Dispose();
        string? losses = _watch.Losses;
        _watch.Dispose();
        string? silence = isAllSent ? null : $"{string.Join(" and ", _watch.Places)} took longer than {_options.ToClose.TotalSeconds:0.#} s for the last of it, which may be lost";
        string[] missing = [.. ((string?[])[losses, silence, .. faults]).OfType<string>()];
        if (missing.Length > 0)
        {
            _options.Tell($"telemetry is not complete: {string.Join("; ", missing)}");
        }
    }

    private static TelemetrySession? StartSending(TelemetryOptions options)
    {
        OtlpSettings settings = OtlpSettings.Read(options.Environment);
        foreach (string problem in settings.Problems)
        {
            options.Tell($"telemetry: {problem}");
        }

        if (settings.Targets.IsEmpty)
        {
            return null;
        }

        var session = new TelemetrySession(options, settings.Targets);
        foreach (string problem in session._watch.Problems)
        {
            options.Tell($"telemetry: {problem}");
        }

        foreach (IGrouping<string, Signal> unsent in session._unsent.GroupBy(one => one.Cause, one => one.Signal))
        {
            options.Tell($"telemetry: what the OTEL_ variables say cannot be used: {unsent.Key}; no {string.Join(", no ", unsent.Select(signal => signal.ToString().ToLowerInvariant()))} are sent");
        }

        if (session is { _metrics: null, _traces: null, _logs: null })
        {
            session.Dispose();
            return null;
        }

        return session;
    }

    // Threads of their own, in the background: a pool that is busy does not delay them, and they hold up no end of the process.
    private static Task Begin(Action ending) => Task.Factory.StartNew(ending, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static void Apply(OtlpExporterOptions exporter, OtlpTarget target)
    {
        exporter.Endpoint = target.Endpoint;
        exporter.Protocol = target.Protocol;
        exporter.Headers = target.Headers ?? exporter.Headers;
        exporter.TimeoutMilliseconds = target.TimeoutMilliseconds ?? exporter.TimeoutMilliseconds;
    }

    /// <summary>Builds what sends a signal; null where the packages refuse what a variable says.</summary>
    private T? Built<T>(Signal signal, Func<T> build)
        where T : class
    {
        try
        {
            return build();
        }
        catch (Exception refusal) when (refusal is ArgumentException or InvalidOperationException or NotSupportedException or FormatException or OverflowException
            or IOException or UnauthorizedAccessException or CryptographicException)
        {
            _unsent.Add((signal, refusal.Message.Split('\n')[0].Trim().TrimEnd('.')));
            return null;
        }
    }

    private MeterProvider Metrics(OtlpTarget target) => Sdk.CreateMeterProviderBuilder()
        .ConfigureServices(services => services.AddSingleton(_variables))
        .ConfigureResource(Describe)
        .AddMeter(TelemetryNames.Source, Orleans, Runtime)
        .AddView(instrument => instrument.Meter.Name == Runtime && !RuntimeInstruments.Contains(instrument.Name) ? MetricStreamConfiguration.Drop : null)
        .AddOtlpExporter(exporter => Apply(exporter, target))
        .Build();

    private TracerProvider Traces(OtlpTarget target) => Sdk.CreateTracerProviderBuilder()
        .ConfigureServices(services => services.AddSingleton(_variables))
        .ConfigureResource(Describe)
        .AddSource([TelemetryNames.Source, .. _options.Environment(TraceCallsVariable) == "1" ? (string[])[$"{Orleans}.*"] : []])
        .AddOtlpExporter(exporter => Apply(exporter, target))
        .Build();

    private ILoggerFactory Logs(OtlpTarget target)
    {
        ILoggerFactory factory = LoggerFactory.Create(logging =>
        {
            logging.Services.AddSingleton(_variables);
            logging.AddOpenTelemetry(records =>
            {
                var resource = ResourceBuilder.CreateDefault();
                Describe(resource);
                records.SetResourceBuilder(resource);
                records.IncludeFormattedMessage = true;
                records.AddOtlpExporter(exporter => Apply(exporter, target));
            });
        });

        ILoggerFactory? unfinished = factory;
        try
        {
            // Only its first logger has it read the variables.
            factory.CreateLogger(Category);
            unfinished = null;
            return factory;
        }
        finally
        {
            unfinished?.Dispose();
        }
    }

    /// <summary>Names the sender; what the variables say of it wins.</summary>
    private void Describe(ResourceBuilder resource) => resource
        .AddService(_options.Service, serviceVersion: PipelineInstruments.Spanning.Version, serviceInstanceId: _options.Instance)
        .AddAttributes([new KeyValuePair<string, object>("host.name", Environment.MachineName)])
        .AddEnvironmentVariableDetector();
}
