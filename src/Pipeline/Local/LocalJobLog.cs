using System.Collections.Immutable;
using System.Runtime.ExceptionServices;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Execution;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Pipeline.Local;

/// <summary>What happens in one job: how far its stages are, what was made, reused and made again, what failed. Thread-safe.</summary>
/// <param name="clock">Hears how far stages are, one call at a time.</param>
/// <param name="watch">The job for those who watch it.</param>
/// <param name="notice">Hears what people should know, or null.</param>
internal sealed class LocalJobLog(StageClock clock, JobWatch watch, Action<string>? notice)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, ExceptionDispatchInfo> _failures = [];
    private readonly List<string> _damaged = [];
    private readonly HashSet<int> _made = [], _reused = []; // an item is in one of them at most
    private ImmutableArray<StageOverview> _before = [];

    /// <summary>The job for those who watch it.</summary>
    public JobWatch Watch => watch;

    /// <summary>Whether a store that fails may work again after a while.</summary>
    public required bool StoreMayRecover { get; init; }

    /// <summary>What the job took so far.</summary>
    /// <param name="repeated">Attempts at items that had been begun before.</param>
    public JobCounts Counts(int repeated)
    {
        lock (_gate)
        {
            return new JobCounts(_made.Count, _reused.Count, repeated, [.. _damaged]);
        }
    }

    /// <summary>Wall time per stage so far.</summary>
    public ImmutableArray<StageDuration> Durations
    {
        get
        {
            lock (_gate)
            {
                return clock.Durations;
            }
        }
    }

    /// <summary>How fast a stage was by what was made of it here, not by what was reused.</summary>
    /// <param name="stage">Its name.</param>
    /// <returns>Units per second; null where nothing was made, or no time passed.</returns>
    public double? SpeedOf(string stage)
    {
        lock (_gate)
        {
            long done = DoneOf(watch.Stages) - DoneOf(_before);
            double seconds = clock.Durations.FirstOrDefault(duration => duration.Stage == stage).Elapsed.TotalSeconds;
            return done > 0 && seconds > 0 ? done / seconds : null;
        }

        long DoneOf(ImmutableArray<StageOverview> stages) => stages.FirstOrDefault(overview => overview.Stage == stage)?.Done ?? 0;
    }

    /// <summary>The job is driven here from now on.</summary>
    /// <param name="driver">Who drives it; its first commit is done.</param>
    /// <param name="owner">The driver's name.</param>
    public void Begin(SchedulerDriver driver, string owner)
    {
        watch.Begin(driver, owner);
        lock (_gate)
        {
            _before = watch.Stages;
        }
    }

    /// <summary>Takes note of items that were found done.</summary>
    /// <param name="items">Their indices.</param>
    public void Reuse(IEnumerable<int> items)
    {
        lock (_gate)
        {
            _reused.UnionWith(items);
            _made.ExceptWith(_reused);
        }
    }

    /// <summary>An item begins.</summary>
    /// <param name="item">The item.</param>
    public void Begin(WorkItem item)
    {
        lock (_gate)
        {
            Tell(item.Index);
        }
    }

    /// <summary>A worker is further with its item.</summary>
    /// <param name="worker">Its name.</param>
    /// <param name="attempt">The attempt.</param>
    /// <param name="value">How far.</param>
    public void Report(string worker, int attempt, ItemProgress value)
    {
        watch.Hear(worker, attempt, value);
        lock (_gate)
        {
            Tell(value.Item);
        }
    }

    /// <summary>An item is done.</summary>
    /// <param name="item">The item.</param>
    /// <param name="result">What became of it.</param>
    public void Completed(WorkItem item, WorkResult result)
    {
        lock (_gate)
        {
            watch.Complete(item.Index);

            // These are found done because the pass before has just made them along with its own.
            bool isMade = !result.WasDone || item.Kind is WorkKind.ObserveRanges or WorkKind.ObserveMoments;
            if (isMade)
            {
                _made.Add(item.Index);
                _reused.Remove(item.Index);
            }
            else if (!_made.Contains(item.Index))
            {
                _reused.Add(item.Index);
            }

            if (!result.Disagreements.IsEmpty)
            {
                notice?.Invoke(JobTexts.DiffersFromStore(item.Label, result.Disagreements));
            }

            Tell(item.Index);
        }
    }

    /// <summary>Something in the store was found not to be as it was put before the scheduler knew of it, and is made again.</summary>
    /// <param name="item">The item that makes it.</param>
    /// <param name="fault">What was found.</param>
    public void Found(WorkItem item, string fault)
    {
        watch.Damaged(item, fault);
        Damaged(item, fault);
    }

    /// <summary>Something in the store was not as it was put, and is made again.</summary>
    /// <param name="item">The item that makes it.</param>
    /// <param name="fault">What was found.</param>
    public void Damaged(WorkItem item, string fault)
    {
        lock (_gate)
        {
            _reused.Remove(item.Index);
            _made.Remove(item.Index);
            _damaged.Add($"{item.Label}: {fault}");
            notice?.Invoke(JobTexts.MadeAgain(item.Label, fault));
        }
    }

    /// <summary>The plan that an earlier run put was not as it was put, and is written again.</summary>
    /// <param name="job">Identity of the job.</param>
    /// <param name="store">The store for people.</param>
    /// <param name="fault">What was found.</param>
    public void DamagedPlan(string job, string store, string fault)
    {
        lock (_gate)
        {
            _damaged.Add($"plan of job {job}: {fault}");
            notice?.Invoke(JobTexts.PlanWrittenAgain(job, store, fault));
        }
    }

    /// <summary>Something that people should know, and those who watch do not hear from the scheduler.</summary>
    /// <param name="text">The text.</param>
    public void Remark(string text)
    {
        watch.Say(NoticeKind.Remark, text);
        Say(text);
    }

    /// <summary>Something that people should know.</summary>
    /// <param name="text">The text.</param>
    public void Say(string text)
    {
        lock (_gate)
        {
            notice?.Invoke(text);
        }
    }

    /// <summary>Keeps a failure of an item, to be thrown should it end the job.</summary>
    /// <param name="item">The item.</param>
    /// <param name="failure">The failure.</param>
    /// <returns>True.</returns>
    public bool Keep(WorkItem item, Exception failure)
    {
        lock (_gate)
        {
            _failures[item.Index] = ExceptionDispatchInfo.Capture(failure);
            return true;
        }
    }

    /// <summary>The last failure of an item.</summary>
    /// <param name="item">Index of the item.</param>
    public ExceptionDispatchInfo? FailureOf(int item)
    {
        lock (_gate)
        {
            return _failures.GetValueOrDefault(item);
        }
    }

    private void Tell(int item)
    {
        StageProgress stage = watch.StageOf(item);
        if (stage.Total > 0)
        {
            clock.Report(stage.Stage, stage.Done, stage.Total, stage.Unit);
        }
    }
}
