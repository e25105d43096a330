using MambaQuant.Pipeline.Scheduling.Outputs;

namespace MambaQuant.Pipeline.Scheduling;

/// <summary>Leases and jobs end.</summary>
internal static class Endings
{
    /// <summary>Takes a lease from its worker and from its item, silently; the item's status is the caller's to settle.</summary>
    public static Lease EndLease(Transition transition, int index)
    {
        WorkerState worker = transition.Worker(index);
        Lease lease = worker.Lease!;
        transition.Set(index, worker with { Lease = null });
        transition.Set(lease.Item, transition.Item(lease.Item).WithoutHolder(index));
        transition.Busy = transition.Busy.Remove(index);
        return lease;
    }

    /// <summary>Ends a lease and tells its worker.</summary>
    public static void Revoke(Transition transition, int index, string cause)
    {
        Lease lease = EndLease(transition, index);
        transition.Say(new Revoke(transition.Worker(index).Name, lease.Item, lease.Attempt, cause));
    }

    public static void Finish(Transition transition)
    {
        transition.Status = JobStatus.Finished;
        transition.Say(new Finished());
    }

    public static void Fail(Transition transition, int item, string cause)
    {
        Stop(transition, JobStatus.Failed, cause, "the job failed");
        if (transition.Item(item) is { Status: ItemStatus.Running })
        {
            Queues.Enqueue(transition, item);
        }

        transition.Say(new Failed(item, cause));
    }

    public static void Cancel(Transition transition, string cause)
    {
        Stop(transition, JobStatus.Cancelled, cause, "the job was cancelled");
        transition.Say(new Cancelled(cause));
    }

    private static void Stop(Transition transition, JobStatus status, string cause, string told)
    {
        transition.Status = status;
        transition.Cause = cause;
        foreach (int worker in transition.Busy)
        {
            int item = transition.Worker(worker).Lease!.Item;
            Revoke(transition, worker, told);
            if (transition.Item(item).Holder == ItemState.Nobody)
            {
                Queues.Enqueue(transition, item);
            }
        }
    }
}
