using System.Diagnostics;
using System.Diagnostics.Metrics;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Pipeline.Telemetry;

/// <summary>Measures how busy a worker is, and what it does. Disposed when the worker goes. One item at a time; the totals are thread-safe.</summary>
public sealed class WorkerMeter : IDisposable
{
    private const string Busy = "busy", Idle = "idle";

    private static readonly Lock Gate = new();
    private static readonly List<WorkerMeter> Live = [];
    private static long _busyBefore, _idleBefore, _busySeen, _idleSeen;
    private bool _isBusy;
    private long _since;

    /// <summary>A worker is there, idle.</summary>
    public WorkerMeter()
    {
        _ = PipelineInstruments.Spanning; // the instruments exist from the first worker on
        lock (Gate)
        {
            _since = Stopwatch.GetTimestamp();
            Live.Add(this);
        }
    }

    /// <summary>The worker begins an attempt.</summary>
    /// <param name="job">Identity of the job.</param>
    /// <param name="item">The item.</param>
    /// <param name="attempt">The attempt.</param>
    /// <param name="stage">The span of the job's stage, wherever it is; default for none.</param>
    /// <returns>To be told how it ended, and disposed, on the same thread.</returns>
    public ItemMeter Begin(string job, WorkItem item, int attempt, ActivityContext stage)
    {
        ArgumentNullException.ThrowIfNull(item);
        Turn(isBusy: true);
        return new ItemMeter(job, item, attempt, stage, () => Turn(isBusy: false));
    }

    /// <summary>The worker goes.</summary>
    public void Dispose()
    {
        lock (Gate)
        {
            if (Live.Remove(this))
            {
                Count();
            }
        }
    }

    /// <summary>Adds the instruments that are asked instead of told.</summary>
    /// <param name="meter">The meter.</param>
    internal static void AddInstruments(Meter meter)
    {
        meter.CreateObservableUpDownCounter(TelemetryNames.Workers, CountWorkers, "{worker}", "Workers by what they do.");
        meter.CreateObservableCounter(TelemetryNames.WorkerTime, Times, "s", "Time of workers by what they did.");
        meter.CreateObservableGauge(TelemetryNames.WorkerUtilization, Utilization, "1", "Share of their time that workers were busy since the last look.");
    }

    private static IEnumerable<Measurement<long>> CountWorkers()
    {
        lock (Gate)
        {
            int busy = Live.Count(worker => worker._isBusy);
            return [new(busy, StateTag(Busy)), new(Live.Count - busy, StateTag(Idle))];
        }
    }

    private static IEnumerable<Measurement<double>> Times()
    {
        (long busy, long idle) = Totals();
        return [new(Seconds(busy), StateTag(Busy)), new(Seconds(idle), StateTag(Idle))];
    }

    private static IEnumerable<Measurement<double>> Utilization()
    {
        lock (Gate)
        {
            (long busy, long idle) = Totals();
            long busyNow = busy - _busySeen, idleNow = idle - _idleSeen;
            (_busySeen, _idleSeen) = (busy, idle);
            return busyNow + idleNow > 0 ? [new((double)busyNow / (busyNow + idleNow))] : [];
        }
    }

    private static (long Busy, long Idle) Totals()
    {
        lock (Gate)
        {
            Live.ForEach(worker => worker.Count());
            return (_busyBefore, _idleBefore);
        }
    }

    private static double Seconds(long ticks) => (double)ticks / Stopwatch.Frequency;

    private static KeyValuePair<string, object?> StateTag(string state) => PipelineInstruments.Tag(TelemetryNames.WorkerState, state);

    private void Turn(bool isBusy)
    {
        lock (Gate)
        {
            Count();
            _isBusy = isBusy;
        }
    }

    private void Count()
    {
        long now = Stopwatch.GetTimestamp(), elapsed = now - _since;
        _since = now;
        if (_isBusy)
        {
            _busyBefore += elapsed;
        }
        else
        {
            _idleBefore += elapsed;
        }
    }
}
