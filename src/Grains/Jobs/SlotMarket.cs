using MambaQuant.Grains.Contracts;

namespace MambaQuant.Grains.Jobs;

/// <summary>Gives slots that have nothing to do to jobs that want some, the job that was submitted first before all others. Not thread-safe.</summary>
/// <remarks>Everything in it is told again within seconds: by slots, by jobs, and by the store's listing.</remarks>
/// <param name="time">The clock.</param>
/// <param name="announcement">How often slots announce themselves.</param>
internal sealed class SlotMarket(TimeProvider time, TimeSpan announcement)
{
    private const int LeastOpenJobs = 4;

    private readonly Dictionary<string, JobEntry> _jobs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SlotEntry> _slots = new(StringComparer.Ordinal);
    private readonly long _started = time.GetTimestamp();

    /// <summary>All jobs, in the order in which they were submitted.</summary>
    public IEnumerable<JobEntry> Jobs => InOrder(_jobs.Values);

    /// <summary>All slots that were heard of lately, sorted by name.</summary>
    public IEnumerable<SlotDescription> Slots => _slots.Values.Select(slot => slot.Slot).OrderBy(slot => slot.Slot, StringComparer.Ordinal);

    /// <summary>
    /// The jobs that should be open: those that were submitted first, some more than there are slots, so that the next one is open when one ends. Jobs
    /// that none of the slots can work for count for nothing.
    /// </summary>
    public IEnumerable<JobEntry> ToOpen
    {
        get
        {
            int left = Math.Max(LeastOpenJobs, 2 * _slots.Count);
            foreach (JobEntry job in InOrder(_jobs.Values.Where(job => !job.HasEnded)))
            {
                if (left == 0)
                {
                    yield break;
                }

                left -= job.Demand is { Ready: > 0, Slots: 0 } demand && !_slots.Values.Any(slot => Fits(slot, demand)) ? 0 : 1;
                yield return job;
            }
        }
    }

    private long Now => (long)time.GetElapsedTime(_started).TotalMilliseconds;

    /// <summary>A job.</summary>
    /// <param name="job">Its identity.</param>
    /// <returns>Null where it is not known.</returns>
    public JobEntry? Find(string job) => _jobs.GetValueOrDefault(job);

    /// <summary>A job is there.</summary>
    /// <param name="job">Its identity.</param>
    public JobEntry Add(string job)
    {
        if (!_jobs.TryGetValue(job, out JobEntry? entry))
        {
            _jobs.Add(job, entry = new JobEntry(job));
        }

        return entry;
    }

    /// <summary>Forgets jobs that have ended, such as those that were removed from the store.</summary>
    /// <param name="but">Jobs that are kept.</param>
    public void ForgetEnded(IEnumerable<string> but)
    {
        HashSet<string> kept = new(but, StringComparer.Ordinal);
        foreach (JobEntry job in _jobs.Values.Where(job => job.HasEnded && !kept.Contains(job.Job)).ToList())
        {
            _jobs.Remove(job.Job);
        }
    }

    /// <summary>A slot tells how it stands.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="job">The job that it works for; null for none.</param>
    /// <param name="isIdle">Whether it has nothing to do.</param>
    public void Announce(SlotDescription slot, string? job, bool isIdle)
    {
        if (!_slots.TryGetValue(slot.Slot, out SlotEntry? entry))
        {
            _slots.Add(slot.Slot, entry = new SlotEntry { Slot = slot });
        }

        (entry.Slot, entry.Job, entry.IsIdle, entry.Heard) = (slot, job, isIdle, Now);
        if (entry.Ordered is { } ordered && (ordered == job || !isIdle || Find(ordered) is not { HasEnded: false }))
        {
            entry.Ordered = null;
        }
    }

    /// <summary>A slot goes.</summary>
    /// <param name="slot">Its name.</param>
    public void Retire(string slot) => _slots.Remove(slot);

    /// <summary>The job that a slot is to work for.</summary>
    /// <param name="slot">Its name.</param>
    /// <returns>Null for none, or for the one that it works for.</returns>
    public string? OrderOf(string slot) => _slots.GetValueOrDefault(slot)?.Ordered;

    /// <summary>
    /// Whether a slot that has nothing to do may yet be wanted: some job is not known well enough, or has more left to do than slots that work for it. A
    /// narrow stage, such as that in which a model writes its own text, is not the end of a job.
    /// </summary>
    /// <param name="slot">Its name.</param>
    public bool MayWant(string slot) => _slots.TryGetValue(slot, out SlotEntry? entry) && _jobs.Values.Any(job => !job.HasEnded && MayWant(entry, job.Demand));

    /// <summary>Gives slots that have nothing to do to jobs that want some.</summary>
    /// <returns>Slots that are to be told.</returns>
    public List<(string Slot, string Job)> Match()
    {
        long now = Now, patience = (long)announcement.TotalMilliseconds;
        foreach (string silent in _slots.Where(slot => now - slot.Value.Heard > 4 * patience).Select(slot => slot.Key).ToList())
        {
            _slots.Remove(silent);
        }

        var told = new List<(string Slot, string Job)>();
        SlotEntry[] free = [.. _slots.Values.Where(slot => slot.IsIdle && (slot.Ordered is null || now - slot.OrderedAt > patience))];
        foreach (JobEntry job in free.Length == 0 ? [] : InOrder(_jobs.Values.Where(job => job.Demand is { Phase: JobPhase.Running, Ready: > 0 })))
        {
            JobDemand demand = job.Demand!;
            SlotEntry[] ordered = [.. _slots.Values.Where(slot => slot.Ordered == job.Job && now - slot.OrderedAt <= patience)];
            SlotEntry[] chosen = Choose(demand, ordered, free.Where(slot => slot.Job != job.Job && slot.Slot.Profile == demand.Profile));
            foreach (SlotEntry slot in chosen)
            {
                (slot.Ordered, slot.OrderedAt) = (job.Job, now);
                told.Add((slot.Slot.Slot, job.Job));
            }

            free = [.. free.Except(chosen)];
        }

        return told;
    }

    private static IEnumerable<JobEntry> InOrder(IEnumerable<JobEntry> jobs) => jobs.OrderBy(job => job.Submitted).ThenBy(job => job.Job, StringComparer.Ordinal);

    /// <summary>
    /// The slots that a job gets, the smallest first: one for each item that it could hold, and that those with less memory leave over. So no slot comes
    /// for an item that it cannot hold, and a large one that is free comes for a small item only where nothing smaller is.
    /// </summary>
    private static SlotEntry[] Choose(JobDemand demand, SlotEntry[] ordered, IEnumerable<SlotEntry> free)
    {
        var chosen = new List<SlotEntry>();
        int taken = 0;
        IEnumerable<(SlotEntry Slot, bool Comes)> all = ordered.Select(slot => (slot, true)).Concat(free.Select(slot => (slot, false)));
        foreach ((SlotEntry slot, bool comes) in all.OrderBy(each => each.Slot.Slot.MemoryBytes))
        {
            if (!comes && taken < HeldBy(slot, demand))
            {
                chosen.Add(slot);
                taken++;
            }

            taken += comes ? 1 : 0;
        }

        return [.. chosen];
    }

    private static bool MayWant(SlotEntry slot, JobDemand? demand) =>
        demand is null or { Total: 0 }
        || (demand.Profile == slot.Slot.Profile
            && demand.Total - demand.Done > demand.Slots
            && (demand.Slots > 0 || demand.Ready == 0 || HeldBy(slot, demand) > 0)); // nobody waits for a job that no slot can hold

    /// <summary>Whether a slot has the kernels of a job, and the memory of one of the items that it could give out.</summary>
    private static bool Fits(SlotEntry slot, JobDemand demand) => slot.Slot.Profile == demand.Profile && HeldBy(slot, demand) > 0;

    private static int HeldBy(SlotEntry slot, JobDemand demand) => demand.Memory.IsDefaultOrEmpty
        ? demand.Ready
        : demand.Memory.TakeWhile(amount => amount.MemoryBytes <= slot.Slot.MemoryBytes).Sum(amount => amount.Count);
}
