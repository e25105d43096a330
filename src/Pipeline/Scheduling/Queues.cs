namespace MambaQuant.Pipeline.Scheduling;

/// <summary>Puts items that nobody works on where they belong, and takes them away from there.</summary>
internal static class Queues
{
    /// <summary>Lets an open item wait for its needs, pause, or be given out.</summary>
    public static void Enqueue(Transition transition, int index)
    {
        ItemState item = transition.Item(index);
        if (item.Missing > 0)
        {
            transition.Set(index, item with { Status = ItemStatus.Waiting });
        }
        else if (item.Due > transition.Now)
        {
            transition.Set(index, item with { Status = ItemStatus.Delayed });
            transition.Delayed = transition.Delayed.Add((item.Due, index));
        }
        else
        {
            transition.Set(index, item with { Status = ItemStatus.Ready });
            transition.Ready = transition.Ready.Add(transition.Shape, index, item.IsPreferred(transition.Options));
            PutNear(transition, index);
        }
    }

    /// <summary>Takes an item out of the queue that it stands in, if any.</summary>
    public static void Dequeue(Transition transition, int index)
    {
        ItemState item = transition.Item(index);
        if (item.Status == ItemStatus.Ready)
        {
            // The mark with the worker nearby stays: it is dropped when met.
            transition.Ready = transition.Ready.Remove(transition.Shape, index, item.IsPreferred(transition.Options));
        }
        else if (item.Status == ItemStatus.Delayed)
        {
            transition.Delayed = transition.Delayed.Remove((item.Due, index));
        }
    }

    /// <summary>Puts the ready items in the order that other options ask for.</summary>
    public static void Reorder(Transition transition)
    {
        transition.Ready = ReadyQueue.Empty;
        for (int index = 0; index < transition.Shape.Count; index++)
        {
            ItemState item = transition.Item(index);
            transition.Ready = item.Status == ItemStatus.Ready
                ? transition.Ready.Add(transition.Shape, index, item.IsPreferred(transition.Options))
                : transition.Ready;
        }
    }

    /// <summary>Marks a ready item with the worker that made the largest of its inputs.</summary>
    private static void PutNear(Transition transition, int index)
    {
        int near = ItemState.Nobody;
        long largest = -1;
        foreach (int need in transition.Work(index).Needs)
        {
            int maker = transition.Item(need).Maker;
            long bytes = transition.Work(need).Cost.OutputBytes;
            if (maker != ItemState.Nobody && bytes > largest && transition.Worker(maker).IsPresent)
            {
                (near, largest) = (maker, bytes);
            }
        }

        if (near != ItemState.Nobody)
        {
            WorkerState worker = transition.Worker(near);
            transition.Set(near, worker with { Near = worker.Near.Add(transition.Shape.Place(index)) });
            transition.Fresh.Add(near);
        }
    }
}
