using System.Diagnostics;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Pipeline.Telemetry;

/// <summary>Measures one attempt at an item, and is its span. Lives on one thread.</summary>
public sealed class ItemMeter : IDisposable
{
    private readonly string _stage;
    private readonly Activity? _before;
    private readonly Activity? _span;
    private readonly Action _ended;
    private readonly long _started = Stopwatch.GetTimestamp();
    private string _outcome = "released";
    private string? _error;

    /// <summary>An attempt begins.</summary>
    internal ItemMeter(string job, WorkItem item, int attempt, ActivityContext stage, Action ended)
    {
        _stage = StageNames.Of(item.Kind);
        _ended = ended;
        if (!PipelineInstruments.Spanning.HasListeners())
        {
            return;
        }

        // A worker's thread may have been started under some other span.
        _before = Activity.Current;
        Activity.Current = null;
        _span = PipelineInstruments.Spanning.StartActivity($"{TelemetryNames.ItemSpan} {_stage}", ActivityKind.Consumer, stage);
        if (_span is { IsAllDataRequested: true } span)
        {
            span.SetTag(TelemetryNames.Job, job).SetTag(TelemetryNames.Stage, _stage).SetTag(TelemetryNames.Item, item.Index).SetTag(TelemetryNames.Attempt, attempt);
            Tracing.Place(span, item.First, item.Shard);
        }
    }

    /// <summary>It ended with the item's artifacts in the store.</summary>
    /// <param name="wasDone">Whether they had been there before.</param>
    public void Complete(bool wasDone) => _outcome = wasDone ? "reused" : "done";

    /// <summary>It failed.</summary>
    /// <param name="failure">Why.</param>
    public void Fail(Exception failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        _outcome = "failed";
        _error = failure.GetType().Name;
        _span?.SetStatus(ActivityStatusCode.Error, failure.Message);
    }

    /// <summary>It is over; without a word it was stopped.</summary>
    public void Dispose()
    {
        _ended();
        if (PipelineInstruments.ItemDuration.Enabled)
        {
            var tags = new TagList { { TelemetryNames.Stage, _stage }, { TelemetryNames.ItemOutcome, _outcome } };
            if (_error is not null)
            {
                tags.Add(TelemetryNames.ErrorType, _error);
            }

            PipelineInstruments.ItemDuration.Record(Stopwatch.GetElapsedTime(_started).TotalSeconds, tags);
        }

        if (_span is not null)
        {
            _span.SetTag(TelemetryNames.ItemOutcome, _outcome).SetTag(TelemetryNames.ErrorType, _error);
            _span.Dispose();
            Activity.Current = _before;
        }
    }
}
