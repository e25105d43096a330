using System.Collections.Immutable;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling.Outputs;

namespace MambaQuant.Pipeline.Scheduling;

/// <summary>One step on its way: the state being made, and what it says. Lives for one call of the scheduler.</summary>
/// <param name="before">The state before the step; not changed.</param>
/// <param name="now">The scheduler's clock.</param>
internal sealed class Transition(SchedulerState before, long now)
{
    private readonly ImmutableArray<SchedulerOutput>.Builder _outputs = ImmutableArray.CreateBuilder<SchedulerOutput>();
    private PersistentArray<ItemState> _items = before.Items;
    private PersistentArray<WorkerState> _workers = before.Workers;
    private ImmutableDictionary<string, int> _workerIndices = before.WorkerIndices;
    private bool _changed;

    public SchedulerState Before => before;

    public long Now => now;

    public JobStatus Status { get; set; } = before.Status;

    public string? Job { get; set; } = before.Job;

    public string Profile { get; set; } = before.Profile;

    public SchedulerOptions Options { get; set; } = before.Options;

    public JobShape? OptionalShape { get; set; } = before.Shape;

    /// <summary>The shape of the job; there is one in every step but those before the submission.</summary>
    public JobShape Shape => OptionalShape!;

    public string Cause { get; set; } = before.Cause;

    public string Fault { get; set; } = before.Fault;

    public int? Round { get; set; } = before.Round;

    public int DoneCount { get; set; } = before.DoneCount;

    public int OpenCount { get; set; } = before.OpenCount;

    public ReadyQueue Ready { get; set; } = before.Ready;

    public ImmutableSortedSet<(long Memory, int Worker)> Hungry { get; set; } = before.Hungry;

    public ImmutableSortedSet<int> Busy { get; set; } = before.Busy;

    public ImmutableSortedSet<(long Due, int Item)> Delayed { get; set; } = before.Delayed;

    public ImmutableSortedSet<(long Due, int Worker)> Resting { get; set; } = before.Resting;

    public UsualDurations Durations { get; set; } = before.Durations;

    public (int Item, long Largest)? Unserved { get; set; } = before.Unserved;

    public long? NextRound { get; set; } = before.NextRound;

    /// <summary>Whether something changed that a successor must know.</summary>
    public bool IsDurable => _changed || Status != before.Status;

    /// <summary>Whether workers joined or left, or the job was submitted.</summary>
    public bool MembershipChanged { get; set; }

    /// <summary>Workers that may prefer something now: those that became hungry, and those near whom an item became ready.</summary>
    public SortedSet<int> Fresh { get; } = [];

    public int WorkerCount => _workers.Count;

    public bool Runs => Status == JobStatus.Running;

    public ItemState Item(int index) => _items[index];

    public WorkItem Work(int index) => Shape.Item(index);

    public WorkerState Worker(int index) => _workers[index];

    public void Set(int index, ItemState item)
    {
        _items = _items.Set(index, item);
        _changed = true;
    }

    public void Set(int index, WorkerState worker)
    {
        _workers = _workers.Set(index, worker);
        _changed = true;
    }

    /// <summary>Replaces what is known of every item.</summary>
    public void SetAll(IReadOnlyList<ItemState> items)
    {
        _items = PersistentArray<ItemState>.From(items);
        _changed = true;
    }

    /// <summary>Index of a worker by its name, or null where that name never joined.</summary>
    public int? Find(string name) => name is not null && _workerIndices.TryGetValue(name, out int index) ? index : null;

    public int Add(WorkerState worker)
    {
        _workerIndices = _workerIndices.Add(worker.Name, _workers.Count);
        _workers = _workers.Add(worker);
        _changed = true;
        return _workers.Count - 1;
    }

    /// <summary>Starts a worker's lease anew; a successor will do so by itself.</summary>
    public void Hear(int index)
    {
        WorkerState worker = _workers[index];
        _workers = _workers.Set(index, worker with { Lease = worker.Lease! with { Heard = now, IsHeard = true } });
    }

    /// <summary>Starts every lease anew.</summary>
    public void HearAll()
    {
        foreach (int index in Busy)
        {
            Hear(index);
        }
    }

    public void Say(SchedulerOutput output) => _outputs.Add(output);

    public ImmutableArray<SchedulerOutput> Outputs => _outputs.ToImmutable();

    /// <summary>The state behind the step.</summary>
    public SchedulerState ToState(long driverClock, long? nextWake) => new()
    {
        Job = Job,
        Profile = Profile,
        Options = Options,
        Status = Status,
        Cause = Cause,
        Fault = Fault,
        Round = Round,
        Now = now,
        DoneCount = DoneCount,
        OpenCount = OpenCount,
        Shape = OptionalShape,
        Items = _items,
        Workers = _workers,
        WorkerIndices = _workerIndices,
        Ready = Ready,
        Hungry = Hungry,
        Busy = Busy,
        Delayed = Delayed,
        Resting = Resting,
        Durations = Durations,
        Unserved = Unserved,
        DriverClock = driverClock,
        NextWake = nextWake,
        NextRound = NextRound,
    };
}
