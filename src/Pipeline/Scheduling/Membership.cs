using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Pipeline.Scheduling.Outputs;

namespace MambaQuant.Pipeline.Scheduling;

/// <summary>Workers come, ask for items, and go.</summary>
internal static class Membership
{
    public static void Join(Transition transition, WorkerJoined joined)
    {
        if (string.IsNullOrEmpty(joined.Worker))
        {
            transition.Say(new Ignored("a worker without a name joined"));
            return;
        }

        var worker = new WorkerState { Name = joined.Worker, Memory = joined.MemoryBytes, Profile = joined.Profile };
        if (transition.Find(joined.Worker) is not { } index)
        {
            transition.Add(worker);
        }
        else
        {
            if (transition.Worker(index).IsPresent)
            {
                Remove(transition, index, "another worker joined under its name", drained: false);
            }

            transition.Set(index, worker);
        }

        transition.MembershipChanged = true;
        if (joined.Profile != transition.Profile)
        {
            transition.Say(new Refused(joined.Worker, ProfileCause(transition, joined.Profile)));
        }
    }

    public static void Lose(Transition transition, WorkerLost lost)
    {
        if (transition.Find(lost.Worker) is not { } index || !transition.Worker(index).IsPresent)
        {
            transition.Say(new Ignored($"worker {lost.Worker} was lost, but it is not there"));
            return;
        }

        if (lost.OnlyIfFree && transition.Worker(index).Lease is { } held)
        {
            transition.Say(new Ignored($"worker {lost.Worker} wanted to go, but was given item {held.Item} meanwhile"));
            return;
        }

        Remove(transition, index, lost.Cause, lost.Drained);
        transition.MembershipChanged = true;
    }

    public static void Ask(Transition transition, string name)
    {
        if (transition.Find(name) is not { } index || !transition.Worker(index).IsPresent)
        {
            transition.Say(new Ignored($"worker {name} asked for work, but it is not there: it has to join first"));
            return;
        }

        WorkerState worker = transition.Worker(index);
        if (worker.Profile != transition.Profile)
        {
            transition.Say(new Refused(name, ProfileCause(transition, worker.Profile)));
        }
        else if (worker.Lease is { } lease)
        {
            transition.Hear(index);
            transition.Say(new Assign(name, lease.Item, lease.Attempt));
        }
        else if (!worker.IsHungry)
        {
            MakeHungry(transition, index);
        }
    }

    /// <summary>Lets a worker wait for an item, first to the end of its pause.</summary>
    public static void MakeHungry(Transition transition, int index)
    {
        WorkerState worker = transition.Worker(index);
        transition.Set(index, worker with { IsHungry = true });
        if (worker.RestsUntil > transition.Now)
        {
            transition.Resting = transition.Resting.Add((worker.RestsUntil, index));
        }
        else
        {
            transition.Hungry = transition.Hungry.Add((worker.Memory, index));
            transition.Fresh.Add(index);
        }
    }

    /// <summary>Says which item none of the workers can make, once for each change.</summary>
    public static void SayWhatIsUnserved(Transition transition)
    {
        (int Item, long Largest)? unserved = Unserved(transition);
        if (unserved is { } found && unserved != transition.Before.Unserved)
        {
            long needed = transition.Shape.Memory(found.Item);
            string label = transition.Work(found.Item).Label;
            transition.Say(new Unserved(found.Item, found.Largest < 0
                ? $"no worker offers the numerics profile '{transition.Profile}' of the plan"
                : $"{label} needs {needed} bytes of memory, the largest worker has {found.Largest}"));
        }

        transition.Unserved = unserved;
    }

    private static (int Item, long Largest)? Unserved(Transition transition)
    {
        long largest = -1;
        bool anybody = false;
        for (int index = 0; index < transition.WorkerCount; index++)
        {
            WorkerState worker = transition.Worker(index);
            anybody |= worker.IsPresent;
            largest = worker.IsPresent && worker.Profile == transition.Profile ? Math.Max(largest, worker.Memory) : largest;
        }

        if (!anybody)
        {
            return null;
        }

        foreach (int item in transition.Shape.HungriestFirst)
        {
            if (transition.Shape.Memory(item) <= largest)
            {
                return null;
            }

            if (transition.Item(item).IsOpen)
            {
                return (item, largest);
            }
        }

        return null;
    }

    private static void Remove(Transition transition, int index, string cause, bool drained)
    {
        WorkerState worker = transition.Worker(index);
        transition.Hungry = transition.Hungry.Remove((worker.Memory, index));
        transition.Resting = transition.Resting.Remove((worker.RestsUntil, index));
        transition.Set(index, worker with { IsPresent = false, IsHungry = false, Near = [] });
        if (worker.Lease is not null)
        {
            Failures.Return(transition, index, drained ? ReturnReason.Released : ReturnReason.WorkerLost, cause);
        }
    }

    private static string ProfileCause(Transition transition, string profile) =>
        $"its numerics profile is '{profile}', the plan's is '{transition.Profile}'";
}
