using System.Collections.Immutable;
using System.Diagnostics;
using MambaQuant.Pipeline.Scheduling;

namespace MambaQuant.Pipeline.Telemetry;

/// <summary>Measures one stage of one job: all items of a kind. Not thread-safe.</summary>
/// <param name="name">Its name.</param>
/// <param name="items">Indices of its items.</param>
internal sealed class StageMeter(string name, ImmutableArray<int> items)
{
    private int _open;
    private string _job = string.Empty;
    private long? _started;

    /// <summary>Its name.</summary>
    public string Name => name;

    /// <summary>Its span, while it runs or once it has.</summary>
    public Activity? Span { get; private set; }

    /// <summary>Stops a span, whatever is current meanwhile.</summary>
    /// <param name="span">The span.</param>
    public static void Stop(Activity span)
    {
        Activity? before = Activity.Current;
        span.Dispose();
        Activity.Current = before;
    }

    /// <summary>An item is given out.</summary>
    /// <param name="job">Identity of the job.</param>
    /// <param name="parent">Its span.</param>
    public void Begin(string job, Activity? parent)
    {
        if (_started is not null)
        {
            return;
        }

        _started = Stopwatch.GetTimestamp();
        _open = 0;
        _job = job;
        Span = parent is null ? null : Tracing.StartApart($"{TelemetryNames.StageSpan} {name}", parent.Context);
        Span?.SetTag(TelemetryNames.Job, job).SetTag(TelemetryNames.Stage, name);
        JobEvents.Tell(new JobEvent(JobEventKind.StageStarted, job) { Stage = name, Items = items.Length }, Span);
    }

    /// <summary>An item that was done is to be made again.</summary>
    public void Reopen() => _open = 0;

    /// <summary>An item is done: perhaps the last.</summary>
    /// <param name="state">The job.</param>
    public void EndIfDone(SchedulerState state)
    {
        // Looks at each item once, since they are done roughly in order.
        while (_open < items.Length && state.StatusOf(items[_open]) is ItemStatus.Done or ItemStatus.Unneeded)
        {
            _open++;
        }

        if (_open == items.Length && _started is { } started)
        {
            double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            PipelineInstruments.StageDuration.Record(seconds, PipelineInstruments.Tag(TelemetryNames.Stage, name));
            JobEvents.Tell(new JobEvent(JobEventKind.StageFinished, _job) { Stage = name, Items = items.Length, Seconds = seconds }, Span);
            Abandon();
        }
    }

    /// <summary>The job is over, or goes elsewhere.</summary>
    public void Abandon()
    {
        _started = null;
        if (Span is { IsStopped: false } span)
        {
            Stop(span);
        }
    }
}
