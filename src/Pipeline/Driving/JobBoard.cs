using System.Collections.Immutable;
using MambaQuant.Pipeline.Execution;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Outputs;

namespace MambaQuant.Pipeline.Driving;

/// <summary>What a watcher sees of a job that is driven here; the same under every driver. Not thread-safe.</summary>
/// <param name="plan">The job.</param>
/// <param name="time">The clock.</param>
public sealed class JobBoard(WorkPlan plan, TimeProvider time)
{
    private const int MostNotices = 100, MostDamaged = 100;

    private readonly Dictionary<string, BoardWorker> _workers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, BoardRate> _rates = new(StringComparer.Ordinal);
    private readonly HashSet<int> _running = [];
    private readonly Queue<NoticeOverview> _notices = [];
    private readonly List<string> _damaged = [];
    private readonly HashSet<int> _counted = [], _credited = [];
    private readonly BoardTally _tally = new(plan.Graph);
    private readonly long[] _changed = new long[plan.Graph.Items.Length];
    private StageMeters _meters = new(plan);
    private long _lastChange;
    private long _noticed;

    /// <summary>Grows with every change.</summary>
    public long Version { get; private set; } = 1;

    /// <summary>Its stages, in the order in which they began.</summary>
    public ImmutableArray<StageOverview> Stages => [.. _meters.All.Select(ViewOf)];

    /// <summary>Counts versions from where those of the job's owners before ended.</summary>
    /// <param name="commits">Commits of the job so far.</param>
    public void Base(long commits) => Version = Math.Max(Version, commits << 24);

    /// <summary>Counts what is to be made, and what this job has made already under an owner before.</summary>
    /// <param name="state">The job.</param>
    public void Begin(SchedulerState state)
    {
        _meters = new StageMeters(plan);
        _counted.Clear();
        _credited.Clear();
        _rates.Clear();
        foreach (WorkItem item in plan.Graph.Items)
        {
            ItemStatus status = state.StatusOf(item.Index);
            bool isMade = status == ItemStatus.Done && state.MakerOf(item.Index) is not null;
            if (isMade || status is not (ItemStatus.Done or ItemStatus.Unneeded))
            {
                _meters.Want([item.Index]);
            }

            if (status == ItemStatus.Done)
            {
                _counted.Add(item.Index);
                _credited.Add(item.Index);
            }

            if (isMade)
            {
                _meters.Complete(item.Index);
            }
        }

        _running.Clear();
        foreach (LeaseName lease in state.Leases)
        {
            BeginItem(lease.Item);
        }

        Version++;
    }

    /// <summary>A worker is there.</summary>
    /// <param name="worker">Its name.</param>
    /// <param name="device">The device for people.</param>
    public void Describe(string worker, string device)
    {
        Entry(worker).Device = device;
        Version++;
    }

    /// <summary>A worker is gone.</summary>
    /// <param name="worker">Its name.</param>
    public void Forget(string worker)
    {
        _workers.Remove(worker);
        Version++;
    }

    /// <summary>A worker is further with its item.</summary>
    /// <param name="worker">Its name.</param>
    /// <param name="attempt">The attempt.</param>
    /// <param name="progress">How far.</param>
    public void Hear(string worker, int attempt, ItemProgress progress)
    {
        BoardWorker entry = Entry(worker);
        if (progress.Item >= 0 && progress.Item < plan.Graph.Items.Length && (entry.Attempt != attempt || entry.Progress != progress))
        {
            entry.Begin(progress.Item, attempt, time);
            entry.Progress = progress;
            _meters.Report(progress);
            Move(progress.Item);
            Version++;
        }
    }

    /// <summary>How far the stage of an item is.</summary>
    /// <param name="item">Index of the item.</param>
    public StageProgress StageOf(int item) => _meters.Of(item);

    /// <summary>An item is done; known before the scheduler says so.</summary>
    /// <param name="item">Index of the item.</param>
    public void Complete(int item)
    {
        if (_counted.Add(item))
        {
            _meters.Complete(item);
            Move(item);
            EndItem(item);
            Version++;
        }
    }

    /// <summary>An attempt ended.</summary>
    /// <param name="worker">Whose.</param>
    /// <param name="item">Index of its item.</param>
    /// <param name="differing">Outputs of which the store held other bytes already.</param>
    /// <param name="state">The job behind it.</param>
    public void Hear(string worker, int item, ImmutableArray<string> differing, SchedulerState state)
    {
        Entry(worker).Progress = null;
        if (item < 0 || item >= plan.Graph.Items.Length)
        {
            return;
        }

        if (!differing.IsDefaultOrEmpty)
        {
            Say(NoticeKind.Difference, JobTexts.DiffersFromStore(plan.Graph.Items[item].Label, differing));
        }

        Version++;
        Count(item, state);
    }

    /// <summary>The scheduler says something.</summary>
    /// <param name="output">What.</param>
    /// <param name="state">The job behind it.</param>
    public void Hear(SchedulerOutput output, SchedulerState state)
    {
        ImmutableArray<WorkItem> items = plan.Graph.Items;
        Version++;
        switch (output)
        {
            case Assign assign:
                BeginItem(assign.Item);
                break;
            case Returned returned:
                _meters.Drop(returned.Item);
                EndItem(returned.Item);
                if (returned.Reason != ReturnReason.Released && state.Status == JobStatus.Running)
                {
                    NoticeKind kind = returned.Reason is ReturnReason.WorkerLost or ReturnReason.Expired ? NoticeKind.Loss : NoticeKind.Retry;
                    Say(kind, JobTexts.TriedAgain(items[returned.Item].Label, returned.Cause));
                }

                break;
            case Reopened reopened:
                Damaged(items[reopened.Item], reopened.Cause);
                _credited.Remove(reopened.Item);
                if (_counted.Remove(reopened.Item))
                {
                    _meters.Want([reopened.Item]);
                }

                break;
            case Nondeterminism other:
                Say(NoticeKind.Difference, JobTexts.Differs(items[other.Item].Label, other.FirstWorker, other.SecondWorker));
                break;
            case Failed failed:
                Say(NoticeKind.Failure, failed.Cause);
                break;
            case Refused refused:
                Say(NoticeKind.Waiting, $"{refused.Worker} cannot work for this job: {refused.Cause}");
                break;
            case Unserved unserved:
                Say(NoticeKind.Waiting, $"the job waits: {unserved.Cause}");
                break;
            default:
                break;
        }
    }

    /// <summary>What an item made was found missing or damaged.</summary>
    /// <param name="item">The item.</param>
    /// <param name="fault">What was found.</param>
    public void Damaged(WorkItem item, string fault)
    {
        if (_damaged.Count < MostDamaged)
        {
            _damaged.Add($"{item.Label}: {fault}");
        }

        Say(NoticeKind.Damage, JobTexts.MadeAgain(item.Label, fault));
    }

    /// <summary>Tells people something.</summary>
    /// <param name="kind">What kind of thing happened.</param>
    /// <param name="text">What.</param>
    public void Say(NoticeKind kind, string text)
    {
        _notices.Enqueue(new NoticeOverview(++_noticed, kind, time.GetUtcNow().ToUnixTimeMilliseconds(), text));
        if (_notices.Count > MostNotices)
        {
            _notices.Dequeue();
        }

        Version++;
    }

    /// <summary>The job as it stands. Cost: looks at the items that changed since the last look; for a watcher who is behind, also at when each one did.</summary>
    /// <param name="state">The job.</param>
    /// <param name="owner">Who drives it.</param>
    /// <param name="store">The store for people.</param>
    /// <param name="after">The version that the watcher knows; items that have not changed since are left out.</param>
    public JobOverview View(SchedulerState state, string owner, string store, long after)
    {
        Compare(state);
        return new JobOverview
        {
            Job = plan.Id,
            Status = state.Status,
            Cause = state.Cause,
            Version = Version,
            Owner = owner,
            Store = store,
            Stages = Stages,
            Kinds = _tally.Kinds,
            Items = after >= _lastChange ? [] : [.. plan.Graph.Items.Where(item => _changed[item.Index] > after).Select(item => new ItemChange(item.Index, state.StatusOf(item.Index)))],
            Workers = [.. state.PresentWorkers.Order(StringComparer.Ordinal).Select(worker => ViewOf(worker, state.LeaseOf(worker)))],
            Notices = [.. _notices],
            Made = _tally.Made,
            Reused = _tally.Reused,
            Repeated = _tally.Repeated,
            Damaged = [.. _damaged],
            Fault = state.Fault,
        };
    }

    private BoardWorker Entry(string worker)
    {
        if (!_workers.TryGetValue(worker, out BoardWorker? entry))
        {
            _workers.Add(worker, entry = new BoardWorker());
        }

        return entry;
    }

    /// <summary>Counts an item that is done towards its stage and its maker, once.</summary>
    private void Count(int item, SchedulerState state)
    {
        if (state.StatusOf(item) != ItemStatus.Done)
        {
            return;
        }

        Complete(item);
        if (_credited.Add(item) && state.MakerOf(item) is { } maker)
        {
            Entry(maker).ItemsMade++;
        }
    }

    /// <summary>Stamps every item whose status is another than was shown last with a version that nobody knows yet.</summary>
    private void Compare(SchedulerState state)
    {
        bool isNew = false;
        foreach (int item in _tally.Update(state))
        {
            Version += isNew ? 0 : 1;
            isNew = true;
            _changed[item] = _lastChange = Version;
            Count(item, state);
        }
    }

    private StageOverview ViewOf(StageProgress stage)
    {
        BoardRate? rate = _rates.GetValueOrDefault(stage.Stage);
        return new StageOverview(stage.Stage, stage.Done, stage.Total, stage.Unit, rate?.PerSecond ?? 0) { Seconds = rate?.Worked.TotalSeconds ?? 0 };
    }

    /// <summary>An item runs; several attempts at once are one.</summary>
    private void BeginItem(int item)
    {
        if (_running.Add(item))
        {
            RateOf(item).Begin(_meters.Of(item).Done);
        }
    }

    private void EndItem(int item)
    {
        if (_running.Remove(item))
        {
            RateOf(item).End();
        }
    }

    private void Move(int item) => RateOf(item).Move(_meters.Of(item).Done);

    /// <summary>The rate of an item's stage; one that nobody asks for where the item is too little to count.</summary>
    private BoardRate RateOf(int item)
    {
        StageShare share = StageShare.Of(plan, plan.Graph.Items[item]);
        if (share.Units == 0)
        {
            return new BoardRate(time);
        }

        if (!_rates.TryGetValue(share.Stage, out BoardRate? rate))
        {
            _rates.Add(share.Stage, rate = new BoardRate(time));
        }

        return rate;
    }

    private WorkerOverview ViewOf(string worker, LeaseName? lease)
    {
        BoardWorker entry = Entry(worker);
        if (lease is null)
        {
            return new WorkerOverview(worker, entry.Device, null, 0, 0, 0, string.Empty, 0, entry.ItemsMade);
        }

        entry.Begin(lease.Item, lease.Attempt, time);
        ItemProgress progress = entry.Progress ?? default;
        double seconds = time.GetElapsedTime(entry.Started).TotalSeconds;
        return new WorkerOverview(worker, entry.Device, lease.Item, lease.Attempt, progress.Done, progress.Total, progress.Unit ?? string.Empty, seconds, entry.ItemsMade);
    }
}
