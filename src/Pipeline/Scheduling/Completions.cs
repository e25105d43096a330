using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Pipeline.Scheduling.Outputs;

namespace MambaQuant.Pipeline.Scheduling;

/// <summary>An attempt ended well: counts under a live lease, or when it made the very bytes that were made before.</summary>
internal static class Completions
{
    /// <summary>The maker of what was there when the job was submitted.</summary>
    public const string Store = "store";

    public static void Apply(Transition transition, WorkCompleted completed)
    {
        if (transition.Find(completed.Worker) is not { } worker || completed.Item < 0 || completed.Item >= transition.Shape.Count)
        {
            transition.Say(new Ignored($"worker {completed.Worker} completed item {completed.Item}: one of them is unknown"));
            return;
        }

        ItemState item = transition.Item(completed.Item);
        bool same = item.Checksum == completed.Checksum;
        if (item.Checksum is not null && !same)
        {
            transition.Say(new Nondeterminism(
                completed.Item, MakerName(transition, item), item.Checksum, completed.Worker, completed.Checksum));
        }

        if (item.Status == ItemStatus.Done)
        {
            if (same)
            {
                transition.Say(new Ignored($"{transition.Work(completed.Item).Label} was done already, with the same bytes"));
            }
        }
        else if (transition.Runs && (same || Rounds.IsLive(transition, worker, completed.Item, completed.Attempt)))
        {
            Finish(transition, completed, worker);
        }
        else
        {
            transition.Say(new Ignored($"attempt {completed.Attempt} at {transition.Work(completed.Item).Label} by {completed.Worker} is over"));
        }

        if (completed.Asks)
        {
            Membership.Ask(transition, completed.Worker);
        }
    }

    public static string MakerName(Transition transition, ItemState item) =>
        item.Maker == ItemState.Nobody ? Store : transition.Worker(item.Maker).Name;

    private static void Finish(Transition transition, WorkCompleted completed, int worker)
    {
        int index = completed.Item;
        Praise(transition, worker, index);
        Queues.Dequeue(transition, index);
        while (transition.Item(index).Holder is var holder && holder != ItemState.Nobody)
        {
            if (holder == worker)
            {
                Endings.EndLease(transition, holder);
            }
            else
            {
                Endings.Revoke(transition, holder, $"{completed.Worker} was first");
            }
        }

        ItemState item = transition.Item(index);
        transition.OpenCount -= item.IsOpen ? 1 : 0;
        transition.DoneCount++;
        transition.Set(index, item with { Status = ItemStatus.Done, Checksum = completed.Checksum, Maker = worker });
        foreach (int consumer in transition.Shape.Consumers(index))
        {
            ItemState next = transition.Item(consumer);
            if (next.IsOpen)
            {
                transition.Set(consumer, next with { Missing = next.Missing - 1 });
                if (next is { Missing: 1, Status: ItemStatus.Waiting })
                {
                    Queues.Enqueue(transition, consumer);
                }
            }
        }
    }

    /// <summary>Takes note of a worker's success, and of how long an item of this kind takes from its beginning.</summary>
    private static void Praise(Transition transition, int index, int item)
    {
        WorkerState worker = transition.Worker(index);
        if (worker.Lease is not { } lease || lease.Item != item)
        {
            return;
        }

        if (lease.FromCheckpoint == 0)
        {
            transition.Durations = transition.Durations.Add(
                transition.Work(item).Kind, transition.Shape.NominalSeconds(item), transition.Now - lease.Started);
        }

        if (worker.Failures > 0)
        {
            transition.Set(index, worker with { Failures = 0, RestsUntil = long.MinValue });
        }
    }
}
