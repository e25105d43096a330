using System.Collections.Immutable;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Pipeline.Scheduling.Outputs;

namespace MambaQuant.Pipeline.Scheduling;

/// <summary>Works out which items have to be made: those that are not done, and that the end of the job or another such item needs.</summary>
/// <remarks>
/// So what nothing needs any more (hidden states of a finished pass, say) may be deleted from a store without being made again. Items that
/// nobody needs at all are the job's results; so is a checkpoint, whatever stands behind it.
/// </remarks>
internal static class Submission
{
    public static void Apply(Transition transition, JobSubmitted submitted)
    {
        if (Objection(transition, submitted) is { } objection)
        {
            transition.Say(new Ignored(objection));
            return;
        }

        JobShape shape = transition.OptionalShape ?? new JobShape(submitted.Graph!);
        bool continues = transition.Status != JobStatus.Absent;
        bool forgives = transition.Status == JobStatus.Failed;
        transition.OptionalShape = shape;
        transition.Job = submitted.Job;
        transition.Profile = submitted.Profile;
        transition.Options = submitted.Options;
        transition.Cause = string.Empty;
        transition.Fault = string.Empty;
        transition.Round = submitted.Round ?? transition.Round;
        transition.Status = JobStatus.Running;
        transition.MembershipChanged = true;

        ItemState[] items = [.. Enumerable.Range(0, shape.Count).Select(index => continues ? transition.Item(index) : new ItemState())];
        string?[] found = new string?[shape.Count];
        foreach (FinishedItem done in submitted.Done)
        {
            found[done.Item] = done.Checksum;
        }

        bool[] open = Open(shape, found);
        for (int index = 0; index < items.Length; index++)
        {
            items[index] = Restate(transition, shape, index, items[index], found, open, forgives);
        }

        transition.SetAll(items);
        Requeue(transition, open);
    }

    private static string? Objection(Transition transition, JobSubmitted submitted)
    {
        if (submitted.Graph is not { } graph)
        {
            return $"job {submitted.Job} was submitted without its work graph";
        }

        if (transition.Job is not null && transition.Job != submitted.Job)
        {
            return $"job {submitted.Job} was submitted where job {transition.Job} is";
        }

        if (transition.OptionalShape is { } shape && shape.Count != graph.Items.Length)
        {
            return $"job {submitted.Job} was submitted again with {graph.Items.Length} items instead of {shape.Count}";
        }

        if (submitted.Options.Problems is { Count: > 0 } problems)
        {
            return string.Join("; ", problems);
        }

        return submitted.Done.IsDefault || submitted.Done.Any(done => done.Item < 0 || done.Item >= graph.Items.Length || done.Checksum is null)
            ? $"job {submitted.Job} was submitted with done items that it does not have"
            : null;
    }

    private static bool[] Open(JobShape shape, string?[] found)
    {
        bool[] open = new bool[shape.Count];
        for (int index = shape.Count - 1; index >= 0; index--)
        {
            open[index] |= shape.Consumers(index).IsEmpty || shape.Item(index).IsResult;
            open[index] &= found[index] is null;
            if (open[index])
            {
                foreach (int need in shape.Item(index).Needs)
                {
                    open[need] = true;
                }
            }
        }

        return open;
    }

    private static ItemState Restate(
        Transition transition, JobShape shape, int index, ItemState item, string?[] found, bool[] open, bool forgives)
    {
        if (found[index] is { } checksum && item.Checksum is { } made && made != checksum)
        {
            transition.Say(new Nondeterminism(index, Completions.MakerName(transition, item), made, Completions.Store, checksum));
        }

        int missing = 0;
        foreach (int need in shape.Item(index).Needs)
        {
            missing += found[need] is null ? 1 : 0;
        }

        bool keepsMaker = item.Status == ItemStatus.Done && found[index] == item.Checksum;
        return item with
        {
            Status = found[index] is not null ? ItemStatus.Done : open[index] ? ItemStatus.Waiting : ItemStatus.Unneeded,
            Missing = missing,
            Checksum = found[index] ?? item.Checksum,
            Maker = found[index] is null || keepsMaker ? item.Maker : ItemState.Nobody,
            Failures = forgives ? 0 : item.Failures,
            Deaths = forgives ? 0 : item.Deaths,
            Losses = forgives ? 0 : item.Losses,
            Due = forgives ? 0 : item.Due,
        };
    }

    /// <summary>Fills the queues anew; ends the leases of items that need not be made any more.</summary>
    private static void Requeue(Transition transition, bool[] open)
    {
        transition.Ready = ReadyQueue.Empty;
        transition.Delayed = [];
        transition.DoneCount = 0;
        transition.OpenCount = 0;
        foreach (int worker in transition.Busy)
        {
            if (!open[transition.Worker(worker).Lease!.Item])
            {
                Endings.Revoke(transition, worker, "the item need not be made any more");
            }
        }

        for (int index = 0; index < open.Length; index++)
        {
            ItemState item = transition.Item(index);
            transition.DoneCount += item.Status == ItemStatus.Done ? 1 : 0;
            transition.OpenCount += open[index] ? 1 : 0;
            if (open[index] && item.Holder != ItemState.Nobody)
            {
                transition.Set(index, item with { Status = ItemStatus.Running });
            }
            else if (open[index])
            {
                Queues.Enqueue(transition, index);
            }
        }
    }
}
