using System.Collections.Immutable;
using MambaQuant.Grains.Contracts;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Execution;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Outputs;

namespace MambaQuant.Grains.Jobs;

/// <summary>What a watcher sees of a job that runs here. Not thread-safe.</summary>
/// <param name="plan">The job.</param>
/// <param name="time">The clock.</param>
internal sealed class JobBoard(WorkPlan plan, TimeProvider time)
{
    private const int MostNotices = 100, MostDamaged = 100;

    private readonly Dictionary<int, string> _faults = [];
    private readonly Dictionary<string, SlotDescription> _slots = new(StringComparer.Ordinal);
    private readonly Dictionary<string, LeaseProgress> _progress = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (long Started, long Done)> _rates = new(StringComparer.Ordinal);
    private readonly Queue<JobNotice> _notices = [];
    private readonly List<string> _damaged = [];
    private readonly HashSet<int> _counted = [];
    private StageMeters _meters = new(plan);
    private long _noticed;
    private string _lastFault = string.Empty;

    /// <summary>Grows with every change.</summary>
    public long Version { get; private set; } = 1;

    /// <summary>Counts versions from where those of the job's owners before ended.</summary>
    /// <param name="commits">Commits of the job so far.</param>
    public void Base(long commits) => Version = Math.Max(Version, commits << 24);

    /// <summary>Counts what is to be made, and what this job has made already under an owner before.</summary>
    /// <param name="state">The job.</param>
    public void Begin(SchedulerState state)
    {
        _meters = new StageMeters(plan);
        _counted.Clear();
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
            }

            if (isMade)
            {
                _meters.Complete(item.Index);
            }
        }

        Version++;
    }

    /// <summary>A slot is there.</summary>
    /// <param name="slot">The slot.</param>
    public void Describe(SlotDescription slot)
    {
        _slots[slot.Slot] = slot;
        Version++;
    }

    /// <summary>A slot is gone.</summary>
    /// <param name="slot">Its name.</param>
    public void Forget(string slot)
    {
        _slots.Remove(slot);
        _progress.Remove(slot);
        Version++;
    }

    /// <summary>A slot is further with its item.</summary>
    /// <param name="slot">Its name.</param>
    /// <param name="lease">How far.</param>
    public void Hear(string slot, LeaseProgress lease)
    {
        if (lease.Item >= 0 && lease.Item < plan.Graph.Items.Length && !lease.Equals(_progress.GetValueOrDefault(slot)))
        {
            _progress[slot] = lease;
            _meters.Report(new ItemProgress(lease.Item, lease.Done, lease.Total, lease.Unit, lease.Checkpoint));
            Version++;
        }
    }

    /// <summary>What kind of failure ended the job: the name of an exception's type; empty where none did, or another silo heard of it.</summary>
    public string Fault { get; private set; } = string.Empty;

    /// <summary>An attempt is told to have failed; known before the scheduler decides what follows from it.</summary>
    /// <param name="report">How it ended.</param>
    public void Note(WorkReport report)
    {
        if (report.Fault.Length > 0)
        {
            _faults[report.Item] = _lastFault = report.Fault;
        }
    }

    /// <summary>An attempt ended.</summary>
    /// <param name="slot">Whose.</param>
    /// <param name="report">How.</param>
    /// <param name="state">The job behind it.</param>
    public void Hear(string slot, WorkReport report, SchedulerState state)
    {
        _progress.Remove(slot);
        if (report.Item < 0 || report.Item >= plan.Graph.Items.Length)
        {
            return;
        }

        if (!report.Differing.IsDefaultOrEmpty)
        {
            Say(JobTexts.DiffersFromStore(plan.Graph.Items[report.Item].Label, report.Differing));
        }

        if (state.StatusOf(report.Item) == ItemStatus.Done && _counted.Add(report.Item))
        {
            _meters.Complete(report.Item);
            Version++;
        }
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
            case Returned returned:
                _meters.Drop(returned.Item);
                if (returned.Reason != ReturnReason.Released && state.Status == JobStatus.Running)
                {
                    Say(JobTexts.TriedAgain(items[returned.Item].Label, returned.Cause));
                }

                break;
            case Reopened reopened:
                Damaged(items[reopened.Item], reopened.Cause);
                _meters.Want([reopened.Item]);
                _counted.Remove(reopened.Item);
                break;
            case Nondeterminism other:
                Say(JobTexts.Differs(items[other.Item].Label, other.FirstWorker, other.SecondWorker));
                break;
            case Failed failed:
                Fault = _faults.GetValueOrDefault(failed.Item, string.Empty);
                break;
            case Refused refused:
                Say($"{refused.Worker} cannot work for this job: {refused.Cause}");
                break;
            case Unserved unserved:
                Say($"the job waits: {unserved.Cause}");
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

        Say(JobTexts.MadeAgain(item.Label, fault));
    }

    /// <summary>Tells people something.</summary>
    /// <param name="text">What.</param>
    public void Say(string text)
    {
        _notices.Enqueue(new JobNotice(++_noticed, text));
        if (_notices.Count > MostNotices)
        {
            _notices.Dequeue();
        }

        Version++;
    }

    /// <summary>The job as it stands. Cost: looks at every item.</summary>
    /// <param name="state">The job.</param>
    /// <param name="owner">Who drives it.</param>
    /// <param name="store">The store for people.</param>
    public JobView View(SchedulerState state, string owner, string store)
    {
        int made = 0, reused = 0, repeated = 0;
        var kinds = new Dictionary<WorkKind, int[]>();
        foreach (WorkItem item in plan.Graph.Items)
        {
            ItemStatus status = state.StatusOf(item.Index);
            bool isDone = status == ItemStatus.Done;
            bool isMade = isDone && state.MakerOf(item.Index) is not null;
            made += isMade ? 1 : 0;
            reused += isDone && !isMade ? 1 : 0;
            repeated += Math.Max(0, state.AttemptsOf(item.Index) - 1);
            if (!kinds.TryGetValue(item.Kind, out int[]? counts))
            {
                kinds.Add(item.Kind, counts = new int[Enum.GetValues<ItemStatus>().Length]);
            }

            counts[(int)status]++;
        }

        return new JobView
        {
            Job = plan.Id,
            Phase = JobPhases.Of(state.Status),
            Cause = state.Cause,
            Version = Version,
            Owner = owner,
            Store = store,
            Stages = [.. _meters.All.Select(ViewOf)],
            Items = [.. kinds.Select(kind => ViewOf(kind.Key, kind.Value))],
            Slots = [.. state.PresentWorkers.Order(StringComparer.Ordinal).Select(slot => ViewOf(slot, state.LeaseOf(slot)))],
            Notices = [.. _notices],
            Made = made,
            Reused = reused,
            Repeated = repeated,
            Damaged = [.. _damaged],
            Fault = state.Status != JobStatus.Failed ? string.Empty : Fault.Length > 0 ? Fault : _lastFault, // the scheduler's word for it may be on its way
        };
    }

    private static ItemCount ViewOf(WorkKind kind, int[] counts) => new()
    {
        Kind = kind.ToString(),
        Waiting = counts[(int)ItemStatus.Waiting] + counts[(int)ItemStatus.Delayed],
        Ready = counts[(int)ItemStatus.Ready],
        Running = counts[(int)ItemStatus.Running],
        Done = counts[(int)ItemStatus.Done],
        Unneeded = counts[(int)ItemStatus.Unneeded],
    };

    private StageView ViewOf(StageProgress stage)
    {
        if (!_rates.TryGetValue(stage.Stage, out (long Started, long Done) first))
        {
            _rates.Add(stage.Stage, first = (time.GetTimestamp(), stage.Done));
        }

        double seconds = time.GetElapsedTime(first.Started).TotalSeconds;
        return new StageView
        {
            Stage = stage.Stage,
            Done = stage.Done,
            Total = stage.Total,
            Unit = stage.Unit,
            PerSecond = seconds > 0 ? (stage.Done - first.Done) / seconds : 0,
        };
    }

    private SlotView ViewOf(string slot, LeaseName? lease)
    {
        LeaseProgress? progress = _progress.GetValueOrDefault(slot);
        bool isCurrent = lease is not null && progress is not null && progress.Item == lease.Item && progress.Attempt == lease.Attempt;
        return new SlotView
        {
            Slot = slot,
            Device = _slots.GetValueOrDefault(slot)?.Device ?? string.Empty,
            Item = lease is null ? null : plan.Graph.Items[lease.Item].Label,
            Attempt = lease?.Attempt ?? 0,
            Done = isCurrent ? progress!.Done : 0,
            Total = isCurrent ? progress!.Total : 0,
            Unit = isCurrent ? progress!.Unit : string.Empty,
        };
    }
}
