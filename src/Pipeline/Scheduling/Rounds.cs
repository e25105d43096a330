using System.Collections.Immutable;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling.Inputs;

namespace MambaQuant.Pipeline.Scheduling;

/// <summary>Leases while they run: renewed, run out, or given out twice because their worker is slow.</summary>
internal static class Rounds
{
    public static bool IsLive(Transition transition, int worker, int item, int attempt) =>
        transition.Worker(worker).Lease is { } lease && lease.Item == item && lease.Attempt == attempt;

    public static void Renew(Transition transition, LeaseRenewed renewed)
    {
        if (transition.Find(renewed.Worker) is not { } worker || renewed.Item < 0 || renewed.Item >= transition.Shape.Count)
        {
            transition.Say(new Outputs.Ignored($"worker {renewed.Worker} renewed its lease of item {renewed.Item}: one of them is unknown"));
        }
        else if (!IsLive(transition, worker, renewed.Item, renewed.Attempt))
        {
            transition.Say(new Outputs.Revoke(renewed.Worker, renewed.Item, renewed.Attempt, "the lease is over"));
        }
        else
        {
            transition.Hear(worker);
            ItemState item = transition.Item(renewed.Item);
            if (renewed.Checkpoint > item.Checkpoint)
            {
                transition.Set(renewed.Item, item with { Checkpoint = renewed.Checkpoint, Failures = 0, Deaths = 0 });
            }
        }
    }

    /// <summary>Ends the leases that ran out: those that a journal names, or those that are found.</summary>
    /// <returns>The tick with the leases that were ended.</returns>
    public static Tick Expire(Transition transition, Tick tick)
    {
        Tick found = tick.Expired is null ? Find(transition, tick) : tick;
        ImmutableArray<LeaseName> expired = found.Expired ?? [];
        ImmutableArray<LeaseName> unheard = found.Unheard ?? [];
        foreach (LeaseName name in expired)
        {
            if (transition.Runs && transition.Find(name.Worker) is { } worker && IsLive(transition, worker, name.Item, name.Attempt))
            {
                transition.Say(new Outputs.Revoke(name.Worker, name.Item, name.Attempt, "the lease ran out"));
                bool isUnheard = unheard.Contains(name);
                string cause = isUnheard ? "the worker never said that it took it" : $"not heard of for {transition.Options.Lease.TotalSeconds} s";
                Failures.Return(transition, worker, ReturnReason.Expired, cause, mayBeDeath: !isUnheard);
            }
        }

        // A tick before its time changes no rhythm, else two ticks would breed two rhythms.
        transition.NextRound = transition.NextRound <= transition.Now ? null : transition.NextRound;
        return found;
    }

    /// <summary>
    /// While workers have nothing to do: gives out a second time what runs much longer than usual, the most urgent first.
    /// </summary>
    public static void GiveOutStragglers(Transition transition)
    {
        if (!transition.Runs || transition.Hungry.IsEmpty)
        {
            return;
        }

        SortedSet<int> slow = [];
        Dictionary<WorkKind, double?> ratios = [];
        foreach (int worker in transition.Busy)
        {
            Lease lease = transition.Worker(worker).Lease!;
            WorkKind kind = transition.Work(lease.Item).Kind;
            if (!ratios.TryGetValue(kind, out double? ratio))
            {
                ratios[kind] = ratio = transition.Durations.Ratio(kind);
            }

            double usual = (ratio ?? double.PositiveInfinity) * transition.Shape.NominalSeconds(lease.Item);
            double patience = Math.Max(usual * transition.Options.StragglerFactor, transition.Options.StragglerFloor.TotalMilliseconds);
            if (transition.Item(lease.Item).Twin == ItemState.Nobody && transition.Now - lease.Started > patience)
            {
                slow.Add(transition.Shape.Place(lease.Item));
            }
        }

        foreach (int place in slow)
        {
            int item = transition.Shape.ItemAt(place);
            if (Matching.SmallestThatFits(transition, item) is { } worker)
            {
                Matching.Assign(transition, item, worker);
            }
        }
    }

    /// <summary>When the next tick is wanted, on the scheduler's clock; null where nothing depends on time.</summary>
    public static long? NextWake(Transition transition)
    {
        if (!transition.Runs)
        {
            transition.NextRound = null;
            return null;
        }

        transition.NextRound = transition.Busy.IsEmpty
            ? null
            : transition.NextRound ?? transition.Now + SchedulerClock.Milliseconds(transition.Options.Heartbeat);
        long wake = transition.NextRound ?? long.MaxValue;
        wake = transition.Delayed.IsEmpty ? wake : Math.Min(wake, transition.Delayed.Min.Due);
        wake = transition.Resting.IsEmpty ? wake : Math.Min(wake, transition.Resting.Min.Due);
        return wake == long.MaxValue ? null : wake;
    }

    private static Tick Find(Transition transition, Tick tick)
    {
        long length = SchedulerClock.Milliseconds(transition.Options.Lease);
        ImmutableArray<LeaseName>.Builder expired = ImmutableArray.CreateBuilder<LeaseName>();
        ImmutableArray<LeaseName>.Builder unheard = ImmutableArray.CreateBuilder<LeaseName>();
        foreach (int index in transition.Busy)
        {
            WorkerState worker = transition.Worker(index);
            if (transition.Now - worker.Lease!.Heard >= length)
            {
                var name = new LeaseName(worker.Name, worker.Lease.Item, worker.Lease.Attempt);
                expired.Add(name);
                if (!worker.Lease.IsHeard)
                {
                    unheard.Add(name);
                }
            }
        }

        return tick with { Expired = expired.ToImmutable(), Unheard = unheard.Count > 0 ? unheard.ToImmutable() : null };
    }
}
