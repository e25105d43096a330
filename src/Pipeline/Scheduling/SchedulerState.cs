using System.Collections.Immutable;
using System.Text;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Pipeline.Scheduling;

/// <summary>Everything the scheduler knows of one job; immutable.</summary>
/// <remarks>
/// Two parts: what follows from the journal, told by <see cref="Describe"/>, and what is known only to whoever listens now: when each
/// worker was last heard of, and the clock.
/// </remarks>
public sealed record SchedulerState
{
    /// <summary>The state before anything happened.</summary>
    public static SchedulerState Empty { get; } = new();

    /// <summary>Identity of the job; null before one was submitted.</summary>
    public string? Job { get; internal init; }

    /// <summary>The numerics profile that a worker must offer.</summary>
    public string Profile { get; internal init; } = string.Empty;

    /// <summary>How it is scheduled.</summary>
    public SchedulerOptions Options { get; internal init; } = new();

    /// <summary>How the job stands.</summary>
    public JobStatus Status { get; internal init; }

    /// <summary>Why the job failed or was cancelled; otherwise empty.</summary>
    public string Cause { get; internal init; } = string.Empty;

    /// <summary>What kind of failure ended the job: the name of an exception's type; empty where none did, or nobody said.</summary>
    public string Fault { get; internal init; } = string.Empty;

    /// <summary>How often the job was asked for again, as its last submission told; see <see cref="Inputs.JobSubmitted.Round"/>.</summary>
    /// <value>Null where nobody counted so far: no cluster ever began it.</value>
    public int? Round { get; internal init; }

    /// <summary>The scheduler's clock in milliseconds: the time during which it was awake; never goes back.</summary>
    public long Now { get; internal init; }

    /// <summary>Items done.</summary>
    public int DoneCount { get; internal init; }

    /// <summary>Items still to be made.</summary>
    public int OpenCount { get; internal init; }

    /// <summary>The work; null before a job was submitted.</summary>
    public WorkGraph? Graph => Shape?.Graph;

    /// <summary>Names of the workers that are there, in the order of their first joining.</summary>
    public IEnumerable<string> PresentWorkers => EveryWorker().Where(worker => worker.IsPresent).Select(worker => worker.Name);

    /// <summary>The leases that run, in the order of the workers' first joining.</summary>
    public IEnumerable<LeaseName> Leases =>
        Busy.Select(index => Workers[index]).Select(worker => new LeaseName(worker.Name, worker.Lease!.Item, worker.Lease.Attempt));

    /// <summary>Workers that asked for an item and got none yet.</summary>
    public int IdleWorkerCount => Hungry.Count + Resting.Count;

    /// <summary>Items that could be given out at once if there were a worker for each.</summary>
    public int ReadyCount => Ready.Count;

    /// <summary>Those items by the memory that they need, least first: bytes, and how many items need so much. Cost: looks at every such item.</summary>
    public IReadOnlyList<(long MemoryBytes, int Count)> ReadyByMemory => Shape is { } shape ? Ready.ByMemory(shape) : [];

    internal JobShape? Shape { get; init; }

    internal PersistentArray<ItemState> Items { get; init; } = PersistentArray<ItemState>.Empty;

    internal PersistentArray<WorkerState> Workers { get; init; } = PersistentArray<WorkerState>.Empty;

    internal ImmutableDictionary<string, int> WorkerIndices { get; init; } = ImmutableDictionary<string, int>.Empty.WithComparers(StringComparer.Ordinal);

    internal ReadyQueue Ready { get; init; } = ReadyQueue.Empty;

    /// <summary>Workers that wait for an item, by memory.</summary>
    internal ImmutableSortedSet<(long Memory, int Worker)> Hungry { get; init; } = [];

    /// <summary>Workers that hold a lease.</summary>
    internal ImmutableSortedSet<int> Busy { get; init; } = [];

    /// <summary>Items that pause after a failure, by the end of the pause.</summary>
    internal ImmutableSortedSet<(long Due, int Item)> Delayed { get; init; } = [];

    /// <summary>Workers that asked, and pause after a failure, by the end of the pause.</summary>
    internal ImmutableSortedSet<(long Due, int Worker)> Resting { get; init; } = [];

    internal UsualDurations Durations { get; init; } = UsualDurations.None;

    /// <summary>What was last said to be unserved: the item and the largest memory there was.</summary>
    internal (int Item, long Largest)? Unserved { get; init; }

    /// <summary>The driver's clock at the last input; null where the next input starts a new clock.</summary>
    internal long? DriverClock { get; init; }

    /// <summary>The tick that was asked for, on the scheduler's clock.</summary>
    internal long? NextWake { get; init; }

    /// <summary>When the next regular look at the leases is due, on the scheduler's clock; null while none runs.</summary>
    internal long? NextRound { get; init; }

    /// <summary>How an item stands.</summary>
    /// <param name="item">Its index.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such item.</exception>
    public ItemStatus StatusOf(int item) => Items[item].Status;

    /// <summary>Items that may stand otherwise than before. Cost: by what changed, not by how many items there are.</summary>
    /// <param name="before">An earlier state of the same job.</param>
    /// <returns>Their indices, ascending; all of them where the other state is none of this job.</returns>
    public IEnumerable<int> ChangesSince(SchedulerState before)
    {
        ArgumentNullException.ThrowIfNull(before);
        return Items.Differences(before.Items);
    }

    /// <summary>Checksum of what an item made last; null where it never did.</summary>
    /// <param name="item">Its index.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such item.</exception>
    public string? ChecksumOf(int item) => Items[item].Checksum;

    /// <summary>Who made an item last; null where nobody did, or it was there when the job was submitted.</summary>
    /// <param name="item">Its index.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such item.</exception>
    public string? MakerOf(int item) => Items[item].Maker is >= 0 and int maker ? Workers[maker].Name : null;

    /// <summary>Number of the last attempt at an item; 0 where there was none.</summary>
    /// <param name="item">Its index.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such item.</exception>
    public int AttemptsOf(int item) => Items[item].Attempt;

    /// <summary>How many workers work on an item.</summary>
    /// <param name="item">Its index.</param>
    /// <returns>0, 1, or 2 where it was given out a second time.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such item.</exception>
    public int HolderCountOf(int item) => (Items[item].Holder == ItemState.Nobody ? 0 : 1) + (Items[item].Twin == ItemState.Nobody ? 0 : 1);

    /// <summary>The lease of a worker.</summary>
    /// <param name="worker">Its name.</param>
    /// <returns>Null where it has none, or is not known.</returns>
    public LeaseName? LeaseOf(string worker) =>
        WorkerIndices.TryGetValue(worker, out int index) && Workers[index].Lease is { } lease ? new LeaseName(worker, lease.Item, lease.Attempt) : null;

    /// <summary>Whether a worker is there.</summary>
    /// <param name="worker">Its name.</param>
    public bool IsPresent(string worker) => WorkerIndices.TryGetValue(worker, out int index) && Workers[index].IsPresent;

    /// <summary>The part of the state that follows from the journal, as text: equal texts mean equal states.</summary>
    /// <returns>A line for the job, one for each item and one for each worker.</returns>
    public string Describe()
    {
        StringBuilder text = new();
        text.Append($"job {Job} {Profile} {Status} {Cause} done {DoneCount} open {OpenCount}{(Round > 0 ? $" round {Round}" : "")}{(Fault.Length > 0 ? $" fault {Fault}" : "")}\n");
        for (int index = 0; index < Items.Count; index++)
        {
            ItemState item = Items[index];
            text.Append($"item {index} {item.Status} missing {item.Missing} attempt {item.Attempt} failures {item.Failures} deaths {item.Deaths} {item.LastDeath} ");
            text.Append($"losses {item.Losses} checkpoint {item.Checkpoint} due {item.Due} checksum {item.Checksum} maker {item.Maker} ");
            text.Append($"held by {item.Holder} {item.Twin}\n");
        }

        foreach (WorkerState worker in EveryWorker())
        {
            text.Append($"worker {worker.Name} {worker.Memory} {worker.Profile} present {worker.IsPresent} hungry {worker.IsHungry} ");
            text.Append($"failures {worker.Failures} rests until {worker.RestsUntil} near {string.Join(',', worker.Near)} ");
            text.Append($"lease {worker.Lease?.Item} {worker.Lease?.Attempt} {worker.Lease?.Started} {worker.Lease?.FromCheckpoint}\n");
        }

        return text.ToString();
    }

    private IEnumerable<WorkerState> EveryWorker()
    {
        for (int index = 0; index < Workers.Count; index++)
        {
            yield return Workers[index];
        }
    }
}
