using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Local;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Recipes;
using MambaQuant.Telemetry;
using MambaQuant.Testing;

namespace MambaQuant.Reports;

/// <summary>Runs one job with and without telemetry, in turns.</summary>
internal sealed class TelemetryTrial : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly CpuBackends _backends = new(Environment.ProcessorCount);
    private readonly string _model;
    private readonly int _samples;
    private readonly int _length;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly HttpListener _collector = new();
    private long _received;
    private int _outputs;

    /// <summary>Starts a collector that takes everything, and a server that never answers.</summary>
    public TelemetryTrial(string model, int samples, int length)
    {
        (_model, _samples, _length) = (model, samples, length);
        _listener.Start();
        CollectorAddress = $"http://127.0.0.1:{FreePort.Find(1)[0]}";
        _collector.Prefixes.Add($"{CollectorAddress}/");
        _collector.Start();
        _ = CollectAsync();
    }

    private string CollectorAddress { get; }

    /// <summary>Measures.</summary>
    /// <param name="repeats">How often each.</param>
    public string Run(int repeats)
    {
        (string Name, string? Endpoint)[] kinds = [("off", null), ("to a collector", CollectorAddress), ("to an endpoint that never answers", $"http://{_listener.LocalEndpoint}")];
        var jobs = kinds.Select(_ => new List<double>()).ToArray();
        var processors = kinds.Select(_ => new List<double>()).ToArray();
        var ends = kinds.Select(_ => new List<double>()).ToArray();
        Job(); // compiles everything
        for (int repeat = 0; repeat < repeats; repeat++)
        {
            for (int kind = 0; kind < kinds.Length; kind++)
            {
                Measure(kinds[kind].Endpoint, jobs[kind], processors[kind], ends[kind]);
            }
        }

        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Path.GetFileName(_model)}, {RecipePresets.MambaQuant} W8A8, {_samples} × {_length} tokens, workers by itself; medians of {repeats} runs in turns in one process, all signals over HTTP, metrics every second in place of every minute, spans as usual. Processor time is that of the whole process, a collector within it included, and does not mind other programs. The end is what the program waits for when the job is over.\n\n");
        text.Append("| telemetry | job s | over off | processors s | over off | longest end s |\n|---|---:|---:|---:|---:|---:|\n");
        for (int kind = 0; kind < kinds.Length; kind++)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {kinds[kind].Name} | {Median(jobs[kind]):F2} | {Over(jobs[kind], jobs[0])} | {Median(processors[kind]):F2} | {Over(processors[kind], processors[0])} | {ends[kind].Max():F2} |\n");
        }

        return text.Append(CultureInfo.InvariantCulture, $"\nThe collector got {Interlocked.Read(ref _received) / (double)repeats / 1000:F0} kB for each job.\n").ToString();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _collector.Close();
        _listener.Dispose();
        _backends.Dispose();
        _folder.Dispose();
    }

    private static string Over(List<double> values, List<double> off) => string.Create(CultureInfo.InvariantCulture, $"{100 * ((Median(values) / Median(off)) - 1):+0.0;-0.0} %");

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private void Measure(string? endpoint, List<double> job, List<double> processors, List<double> end)
    {
        TelemetrySession? session = TelemetrySession.Start(new TelemetryOptions
        {
            Service = "mambaquant",
            Instance = "report",
            Environment = name => name switch
            {
                "OTEL_EXPORTER_OTLP_ENDPOINT" => endpoint,
                "OTEL_EXPORTER_OTLP_PROTOCOL" => "http/protobuf",
                "OTEL_METRIC_EXPORT_INTERVAL" => "1000",
                _ => null,
            },
            Tell = _ => { },
        });
        TimeSpan cpu = Environment.CpuUsage.TotalTime;
        long started = Stopwatch.GetTimestamp();
        Job();
        job.Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
        long over = Stopwatch.GetTimestamp();
        session?.Dispose();
        end.Add(Stopwatch.GetElapsedTime(over).TotalSeconds);
        processors.Add((Environment.CpuUsage.TotalTime - cpu).TotalSeconds);
    }

    private void Job()
    {
        QuantizeOptions options = QuantizeOptions.Of(_model, _folder.File($"output-{_outputs++}"), RecipePresets.Get(RecipePresets.MambaQuant)) with
        {
            Calibration = new CalibrationOptions { Samples = _samples, SequenceLength = _length },
        };
        new LocalEngine(_backends, TimeProvider.System).Quantize(options, new Progress<StageProgress>(), CancellationToken.None);
    }

    private async Task CollectAsync()
    {
        try
        {
            while (true)
            {
                HttpListenerContext context = await _collector.GetContextAsync();
                using var body = new MemoryStream();
                await context.Request.InputStream.CopyToAsync(body);
                Interlocked.Add(ref _received, body.Length);
                context.Response.Close();
            }
        }
        catch (Exception fault) when (fault is HttpListenerException or ObjectDisposedException)
        {
            return;
        }
    }
}
