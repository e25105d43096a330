using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Pipeline.Scheduling.Outputs;

namespace MambaQuant.Pipeline.Scheduling;

/// <summary>An attempt ended badly: what is counted, and when that is enough.</summary>
internal static class Failures
{
    public static void Fail(Transition transition, WorkFailed failed)
    {
        if (LiveWorker(transition, failed.Worker, failed.Item, failed.Attempt) is not { } worker)
        {
            return;
        }

        string label = transition.Work(failed.Item).Label;
        switch (failed.Failure)
        {
            case WorkFailure.Permanent:
                Endings.EndLease(transition, worker);
                transition.Say(new Returned(failed.Worker, failed.Item, failed.Attempt, ReturnReason.Failed, failed.Cause));
                Endings.Fail(transition, failed.Item, $"{label} failed on {failed.Worker}: {failed.Cause}");
                break;
            case WorkFailure.InputLost when failed.LostItem is { } lost && transition.Work(failed.Item).Needs.Contains(lost):
                LoseInput(transition, worker, failed.Item, lost, failed.Cause);
                break;
            case WorkFailure.InputLost:
                Return(transition, worker, ReturnReason.Failed, $"{failed.Cause} (item {failed.LostItem}, which it does not need)");
                break;
            default:
                Return(transition, worker, ReturnReason.Failed, failed.Cause);
                break;
        }

        if (transition.Status == JobStatus.Failed)
        {
            transition.Fault = failed.Fault ?? string.Empty;
        }
    }

    public static void Release(Transition transition, WorkReleased released)
    {
        if (LiveWorker(transition, released.Worker, released.Item, released.Attempt) is { } worker)
        {
            Return(transition, worker, ReturnReason.Released, released.Cause);
        }
    }

    /// <summary>Ends a worker's attempt without a result, counts it, and gives the item back unless a twin still runs.</summary>
    public static void Return(Transition transition, int worker, ReturnReason reason, string cause, bool mayBeDeath = true)
    {
        Lease lease = Endings.EndLease(transition, worker);
        transition.Say(new Returned(transition.Worker(worker).Name, lease.Item, lease.Attempt, reason, cause));
        Count(transition, lease.Item, worker, reason, mayBeDeath);
        ItemState item = transition.Item(lease.Item);
        if (item.Holder != ItemState.Nobody)
        {
            return;
        }

        string label = transition.Work(lease.Item).Label;
        string name = transition.Worker(worker).Name;
        if (item.Failures >= transition.Options.RetryLimit)
        {
            Endings.Fail(transition, lease.Item, $"{label} failed {item.Failures} times without progress, the last time on {name}: {cause}");
        }
        else if (item.Deaths >= transition.Options.PoisonThreshold)
        {
            Endings.Fail(transition, lease.Item, $"{label} lost {item.Deaths} workers without progress, the last was {name}: {cause}");
        }
        else
        {
            Queues.Enqueue(transition, lease.Item);
        }
    }

    private static int? LiveWorker(Transition transition, string worker, int item, int attempt)
    {
        if (transition.Find(worker) is { } index && Rounds.IsLive(transition, index, item, attempt))
        {
            return index;
        }

        transition.Say(new Ignored($"attempt {attempt} at item {item} by {worker} is over"));
        return null;
    }

    private static void Count(Transition transition, int index, int workerIndex, ReturnReason reason, bool mayBeDeath)
    {
        ItemState item = transition.Item(index);
        if (reason is ReturnReason.WorkerLost or ReturnReason.Expired)
        {
            // A node takes all its workers along: the item may be given from one to the next, all of them dead already.
            bool isNew = transition.Now - item.LastDeath >= SchedulerClock.Milliseconds(transition.Options.Heartbeat);
            if (mayBeDeath && isNew)
            {
                transition.Set(index, item with { Deaths = item.Deaths + 1, LastDeath = transition.Now });
            }
        }
        else if (reason == ReturnReason.Failed)
        {
            SchedulerOptions options = transition.Options;
            WorkerState worker = transition.Worker(workerIndex);
            transition.Set(index, item with { Failures = item.Failures + 1, Due = transition.Now + options.BackOff(item.Failures + 1) });

            // A worker on which everything fails (a full disk) would otherwise eat up every item's attempts.
            transition.Set(workerIndex, worker with
            {
                Failures = worker.Failures + 1,
                RestsUntil = transition.Now + (2 * options.BackOff(worker.Failures + 1)),
            });
        }
    }

    /// <summary>What another item made is gone: the consumer waits, blameless, and the maker is opened again.</summary>
    private static void LoseInput(Transition transition, int worker, int consumer, int lost, string cause)
    {
        Lease lease = Endings.EndLease(transition, worker);
        transition.Say(new Returned(transition.Worker(worker).Name, consumer, lease.Attempt, ReturnReason.InputLost, cause));
        if (transition.Item(lost).Status == ItemStatus.Done)
        {
            if (transition.Item(lost).Losses >= transition.Options.LossLimit)
            {
                string label = transition.Work(lost).Label;
                Endings.Fail(transition, lost, $"what {label} made was lost {transition.Item(lost).Losses + 1} times: {cause}");
            }
            else
            {
                Reopen(transition, lost);
                transition.Say(new Reopened(lost, cause));
            }
        }

        if (transition.Item(consumer) is { Holder: ItemState.Nobody, Status: ItemStatus.Running })
        {
            Queues.Enqueue(transition, consumer);
        }
    }

    private static void Reopen(Transition transition, int lost)
    {
        ItemState item = transition.Item(lost);
        transition.DoneCount--;
        transition.Set(lost, item with { Status = ItemStatus.Unneeded, Losses = item.Losses + 1, Checkpoint = 0 });
        foreach (int index in transition.Shape.Consumers(lost))
        {
            ItemState consumer = transition.Item(index);
            if (consumer.IsOpen)
            {
                Queues.Dequeue(transition, index);
                bool isQueued = consumer.Status is ItemStatus.Ready or ItemStatus.Delayed;
                transition.Set(index, consumer with { Missing = consumer.Missing + 1, Status = isQueued ? ItemStatus.Waiting : consumer.Status });
            }
        }

        Want(transition, lost);
    }

    /// <summary>Opens an item, and what it needs where that was not needed before.</summary>
    private static void Want(Transition transition, int wanted)
    {
        Stack<int> unvisited = new([wanted]);
        while (unvisited.TryPop(out int index))
        {
            ItemState item = transition.Item(index);
            if (item.Status != ItemStatus.Unneeded)
            {
                continue;
            }

            int missing = 0;
            foreach (int need in transition.Work(index).Needs)
            {
                if (transition.Item(need).Status != ItemStatus.Done)
                {
                    missing++;
                    unvisited.Push(need);
                }
            }

            transition.OpenCount++;
            transition.Set(index, item with { Missing = missing });
            Queues.Enqueue(transition, index);
        }
    }
}
