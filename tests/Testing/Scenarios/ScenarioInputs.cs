using System.Collections.Immutable;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Inputs;

namespace MambaQuant.Testing.Scenarios;

/// <summary>Reads what happens in the language of scenarios.</summary>
internal static class ScenarioInputs
{
    public const string Profile = "cpu";

    /// <summary>Reads the rest of a line behind its time.</summary>
    public static SchedulerInput Read(long at, ScenarioWords words, ScenarioItems items, SchedulerOptions options)
    {
        string subject = words.Next("what happens");
        SchedulerInput input = subject switch
        {
            "submit" => Submit(at, words, items, options),
            "tick" => new Tick(at),
            "cancel" => new Cancel(at, words.OptionalText("stopped")),
            "adopt" => new JobAdopted(at, words.Next("the new owner")),
            _ => Worker(at, subject, words, items),
        };
        words.ExpectEnd();
        return input;
    }

    private static JobSubmitted Submit(long at, ScenarioWords words, ScenarioItems items, SchedulerOptions options)
    {
        string job = words.Take("job") ? words.Next("the name of the job") : "job";
        ImmutableArray<FinishedItem>.Builder done = ImmutableArray.CreateBuilder<FinishedItem>();
        if (words.Take("done"))
        {
            while (!words.AtEnd)
            {
                done.Add(new FinishedItem(items.Find(words), words.Next("a checksum")));
            }
        }

        return new JobSubmitted(at, job, Profile, options, done.ToImmutable()) { Graph = items.Graph };
    }

    private static SchedulerInput Worker(long at, string worker, ScenarioWords words, ScenarioItems items)
    {
        string verb = words.Next("what the worker does");
        switch (verb)
        {
            case "joins":
                long memory = words.Take("memory") ? words.Bytes("memory") : long.MaxValue;
                return new WorkerJoined(at, worker, memory, words.Take("profile") ? words.Next("a profile") : Profile);
            case "asks":
                return new WorkRequested(at, worker);
            case "is":
                bool drained = words.Take("drained");
                if (!drained)
                {
                    words.Expect("lost");
                }

                return new WorkerLost(at, worker, words.OptionalText(drained ? "drained" : "lost"), drained);
            case "yields":
                return new WorkerLost(at, worker, words.OptionalText("wanted elsewhere"), Drained: true) { OnlyIfFree = true };
        }

        int item = items.Find(words);
        int attempt = words.Attempt();
        return verb switch
        {
            "renews" => new LeaseRenewed(at, worker, item, attempt, words.Take("checkpoint") ? words.Number("a checkpoint") : 0),
            "completes" => new WorkCompleted(at, worker, item, attempt, words.Next("a checksum"), TakeAsks(words)),
            "fails" => new WorkFailed(at, worker, item, attempt, WorkFailure.Transient, words.OptionalText("broken")),
            "gives-up" => new WorkFailed(at, worker, item, attempt, WorkFailure.Permanent, words.OptionalText("hopeless")),
            "misses" => Misses(at, worker, item, attempt, words, items),
            "releases" => new WorkReleased(at, worker, item, attempt, words.OptionalText("drained")),
            _ => throw words.Error($"workers do not know how to '{verb}'"),
        };
    }

    private static WorkFailed Misses(long at, string worker, int item, int attempt, ScenarioWords words, ScenarioItems items)
    {
        int lost = items.Find(words);
        return new WorkFailed(at, worker, item, attempt, WorkFailure.InputLost, words.OptionalText("missing"), lost);
    }

    private static bool TakeAsks(ScenarioWords words)
    {
        if (!words.Take("and"))
        {
            return false;
        }

        words.Expect("asks");
        return true;
    }
}
