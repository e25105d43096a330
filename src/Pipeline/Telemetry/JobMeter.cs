using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Pipeline.Scheduling.Outputs;

namespace MambaQuant.Pipeline.Telemetry;

/// <summary>Measures a job that is driven here: what its scheduler says, and how its items stand; and is its span.</summary>
/// <remarks>A job that another process takes over begins a new trace there, linked to the first; its identity stands in both.</remarks>
public sealed class JobMeter : IDisposable
{
    private static readonly ConcurrentDictionary<JobMeter, byte> Live = [];
    private static readonly int KindCount = Enum.GetValues<WorkKind>().Length, StatusCount = Enum.GetValues<ItemStatus>().Length;

    private readonly string _job;
    private readonly WorkGraph _graph;
    private readonly Func<SchedulerState> _state;
    private readonly StageMeter?[] _stages;
    private readonly long _started = Stopwatch.GetTimestamp();

    /// <summary>A job is driven from now on.</summary>
    /// <param name="job">Its identity.</param>
    /// <param name="graph">Its work.</param>
    /// <param name="state">How it stands, from any thread.</param>
    public JobMeter(string job, WorkGraph graph, Func<SchedulerState> state)
    {
        ArgumentNullException.ThrowIfNull(graph);
        (_job, _graph, _state) = (job, graph, state);
        _stages = new StageMeter?[KindCount];
        foreach (IGrouping<WorkKind, WorkItem> kind in graph.Items.GroupBy(item => item.Kind))
        {
            _stages[(int)kind.Key] = new StageMeter(StageNames.Of(kind.Key), [.. kind.Select(item => item.Index)]);
        }

        // What a span that is not recorded surrounds would not be recorded either.
        ActivityContext parent = Activity.Current is { Recorded: true } current ? current.Context : default;
        Span = Tracing.StartApart(TelemetryNames.JobSpan, parent);
        Span?.SetTag(TelemetryNames.Job, job).SetTag(TelemetryNames.ItemTotal, graph.Items.Length);
        Live.TryAdd(this, 0);
        Tell(new JobEvent(JobEventKind.JobStarted, job) { Items = graph.Items.Length });
    }

    /// <summary>The job's span; null where nobody listens.</summary>
    public Activity? Span { get; }

    /// <summary>The span of an item's stage; default where nobody listens.</summary>
    /// <param name="item">Index of the item.</param>
    public ActivityContext ContextOf(int item) => StageOf(item)?.Span?.Context ?? Span?.Context ?? default;

    /// <summary>The job had an owner before: its trace is linked to that one's.</summary>
    /// <param name="first">The job's span of its first owner; default for none.</param>
    internal void Link(ActivityContext first)
    {
        if (first != default)
        {
            Span?.AddLink(new ActivityLink(first));
        }
    }

    /// <summary>The scheduler has decided.</summary>
    /// <param name="inputs">What it was told.</param>
    /// <param name="outputs">What it said.</param>
    public void Hear(IReadOnlyList<SchedulerInput> inputs, ImmutableArray<SchedulerOutput> outputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        foreach (SchedulerOutput output in outputs)
        {
            Hear(output);
        }

        SchedulerState state = _state();
        if (state.Graph?.Items.Length != _graph.Items.Length)
        {
            return; // nothing was submitted yet, or something else
        }

        foreach (WorkCompleted completed in inputs.OfType<WorkCompleted>())
        {
            StageOf(completed.Item)?.EndIfDone(state);
        }
    }

    /// <summary>The job is not driven here any more.</summary>
    public void Dispose()
    {
        if (Live.TryRemove(this, out _))
        {
            End(_state() is { Status: JobStatus.Failed } failed ? failed.Cause : null);
        }
    }

    /// <summary>Adds the instruments that are asked instead of told.</summary>
    /// <param name="meter">The meter.</param>
    internal static void AddInstruments(Meter meter)
    {
        meter.CreateObservableUpDownCounter(TelemetryNames.Jobs, () => Running().Count(), "{job}", "Jobs that run and are driven here.");
        meter.CreateObservableUpDownCounter(TelemetryNames.Items, CountItems, "{item}", "Items of the running jobs that are driven here, by stage and state.");
        meter.CreateObservableUpDownCounter(
            TelemetryNames.QueueDepth, () => Running().Sum(job => job._state().ReadyCount), "{item}", "Items that could be given out and wait for a worker.");
    }

    private static IEnumerable<JobMeter> Running() => Live.Keys.Where(job => job._state().Status == JobStatus.Running);

    private static IEnumerable<Measurement<long>> CountItems()
    {
        long[,] counts = new long[KindCount, StatusCount];
        bool[] isThere = new bool[KindCount];
        foreach (JobMeter job in Running())
        {
            SchedulerState state = job._state();
            foreach (WorkItem item in state.Graph?.Items ?? [])
            {
                isThere[(int)item.Kind] = true;
                counts[(int)item.Kind, (int)state.StatusOf(item.Index)]++;
            }
        }

        return [.. from kind in Enum.GetValues<WorkKind>() where isThere[(int)kind]
                   from status in Enum.GetValues<ItemStatus>()
                   select new Measurement<long>(
                       counts[(int)kind, (int)status],
                       PipelineInstruments.Tag(TelemetryNames.Stage, StageNames.Of(kind)),
                       PipelineInstruments.Tag(TelemetryNames.ItemState, StageNames.Of(status)))];
    }

    /// <summary>The stage of an item; null where the job has no such item, which is for others to judge.</summary>
    private StageMeter? StageOf(int item) => item >= 0 && item < _graph.Items.Length ? _stages[(int)_graph.Items[item].Kind] : null;

    private void Hear(SchedulerOutput output)
    {
        switch (output)
        {
            case Assign assign:
                StageOf(assign.Item)?.Begin(_job, Span);
                break;
            case Returned returned:
                Count(returned);
                break;
            case Reopened reopened:
                Tell(new JobEvent(JobEventKind.ItemReopened, _job) { Stage = StageOf(reopened.Item)?.Name ?? string.Empty, Item = LabelOf(reopened.Item), Cause = reopened.Cause });
                StageOf(reopened.Item)?.Reopen();
                break;
            case Finished:
                Tell(new JobEvent(JobEventKind.JobFinished, _job) { Seconds = Stopwatch.GetElapsedTime(_started).TotalSeconds });
                End(error: null);
                break;
            case Failed failed:
                Tell(new JobEvent(JobEventKind.JobFailed, _job) { Item = LabelOf(failed.Item), Cause = failed.Cause });
                End(failed.Cause);
                break;
            case Cancelled:
                Tell(new JobEvent(JobEventKind.JobCancelled, _job));
                End("cancelled");
                break;
            default:
                break;
        }
    }

    private void Count(Returned returned)
    {
        KeyValuePair<string, object?> reason = PipelineInstruments.Tag(TelemetryNames.ReturnReason, StageNames.Of(returned.Reason));

        // A worker that was sent away lost nothing, and of a job that has ended nothing is tried again.
        if (returned.Reason != ReturnReason.Released && _state().Status == JobStatus.Running)
        {
            PipelineInstruments.ItemRetries.Add(1, PipelineInstruments.Tag(TelemetryNames.Stage, StageOf(returned.Item)?.Name ?? "unknown"), reason);
        }

        if (returned.Reason is ReturnReason.Expired or ReturnReason.WorkerLost)
        {
            PipelineInstruments.LeasesLost.Add(1, reason);
        }

        Tell(new JobEvent(JobEventKind.AttemptReturned, _job)
        {
            Stage = StageOf(returned.Item)?.Name ?? string.Empty,
            Item = LabelOf(returned.Item),
            Attempt = returned.Attempt,
            Worker = returned.Worker,
            Reason = StageNames.Of(returned.Reason),
            Cause = returned.Cause,
        });
    }

    private void Tell(JobEvent happened) => JobEvents.Tell(happened, Span);

    private string LabelOf(int item) => item >= 0 && item < _graph.Items.Length ? _graph.Items[item].Label : string.Empty;

    private void End(string? error)
    {
        foreach (StageMeter? stage in _stages)
        {
            stage?.Abandon();
        }

        if (Span is { IsStopped: false } span)
        {
            span.SetStatus(error is null ? ActivityStatusCode.Unset : ActivityStatusCode.Error, error);
            StageMeter.Stop(span);
        }
    }
}
