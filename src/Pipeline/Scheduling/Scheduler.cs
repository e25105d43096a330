using System.Collections.Immutable;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Pipeline.Scheduling.Outputs;

namespace MambaQuant.Pipeline.Scheduling;

/// <summary>Decides who works on what: a pure state machine, the same under every driver.</summary>
/// <remarks>
/// Total and deterministic: every input leads to a state; one that makes no sense leads to the same state and an <see cref="Ignored"/>
/// that says why. A driver tells what happened, keeps the state, writes the record to its journal, and then acts on the outputs. What is
/// decided, and where:
/// <list type="bullet">
/// <item><see cref="Submission"/>: which items have to be made;</item>
/// <item><see cref="Membership"/>: workers come, ask, and go;</item>
/// <item><see cref="Completions"/>, <see cref="Failures"/>: what the end of an attempt means;</item>
/// <item><see cref="Matching"/>: which item goes to which worker;</item>
/// <item><see cref="Rounds"/>: leases that ran out, stragglers;</item>
/// <item><see cref="SchedulerClock"/>: what time it is.</item>
/// </list>
/// </remarks>
public static class Scheduler
{
    /// <summary>Takes one input.</summary>
    /// <param name="state">The state; not changed.</param>
    /// <param name="input">What happened.</param>
    /// <returns>The state behind it, what to do and tell, and what to journal.</returns>
    /// <remarks>Cost: a few microseconds, a few kilobytes; a submission, and a tick while items run, look at every item or lease.</remarks>
    public static SchedulerStep Step(SchedulerState state, SchedulerInput input)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(input);
        long driverClock = SchedulerClock.Clamp(input.At);
        (long now, bool slept) = SchedulerClock.Advance(state, driverClock);
        var transition = new Transition(state, now);
        if (slept)
        {
            transition.HearAll();
        }

        SchedulerInput record = Apply(transition, input) with { At = now };
        bool restarted = slept || state.DriverClock is null || driverClock < state.DriverClock || input is JobAdopted;
        long? nextWake = Rounds.NextWake(transition);
        if (nextWake is { } wake && (restarted || wake != state.NextWake))
        {
            transition.Say(new WakeAt(driverClock + (wake - now)));
        }

        return new SchedulerStep(transition.ToState(driverClock, nextWake), transition.Outputs, IsRecorded(transition, input) ? record : null);
    }

    /// <summary>Takes one input of a journal: what happened under an owner before.</summary>
    /// <param name="state">The state; not changed.</param>
    /// <param name="record">A record of a step, in the order of the journal.</param>
    /// <returns>The state; its <see cref="SchedulerState.Describe"/> is what it was then.</returns>
    public static SchedulerState Replay(SchedulerState state, SchedulerInput record) => ReplayStep(state, record).State;

    /// <summary>Replays with the outputs of then.</summary>
    internal static SchedulerStep ReplayStep(SchedulerState state, SchedulerInput record)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(record);
        var transition = new Transition(state, record.At);
        Apply(transition, record is Tick { Expired: null } tick ? tick with { Expired = [] } : record);
        SchedulerState after = transition.ToState(record.At, nextWake: null) with { DriverClock = null, NextRound = null };
        return new SchedulerStep(after, transition.Outputs, record);
    }

    /// <summary>Makes the change; returns the input with what the scheduler found out itself.</summary>
    private static SchedulerInput Apply(Transition transition, SchedulerInput input)
    {
        Matching.ReleaseDue(transition);
        SchedulerInput applied = Dispatch(transition, input);
        Matching.Run(transition);
        if (applied is Tick)
        {
            Rounds.GiveOutStragglers(transition);
        }

        Conclude(transition);
        return applied;
    }

    private static SchedulerInput Dispatch(Transition transition, SchedulerInput input)
    {
        switch (input)
        {
            case JobSubmitted submitted:
                Submission.Apply(transition, submitted);
                break;
            case var _ when transition.Status == JobStatus.Absent:
                transition.Say(new Ignored("no job was submitted yet"));
                break;
            case JobAdopted adopted:
                transition.Options = adopted.Options ?? transition.Options;
                if (transition.Options.ReturnedFirst != transition.Before.Options.ReturnedFirst)
                {
                    Queues.Reorder(transition);
                }

                transition.HearAll();
                break;
            case WorkerJoined joined:
                Membership.Join(transition, joined);
                break;
            case WorkerLost lost:
                Membership.Lose(transition, lost);
                break;
            case WorkRequested requested:
                Membership.Ask(transition, requested.Worker);
                break;
            case WorkCompleted completed:
                Completions.Apply(transition, completed);
                break;
            case LeaseRenewed renewed:
                Rounds.Renew(transition, renewed);
                break;
            case var _ when !transition.Runs:
                if (input is not Tick)
                {
                    transition.Say(new Ignored("the job has ended"));
                }

                break;
            case WorkFailed failed:
                Failures.Fail(transition, failed);
                break;
            case WorkReleased released:
                Failures.Release(transition, released);
                break;
            case Tick tick:
                return Rounds.Expire(transition, tick);
            case Cancel cancel:
                Endings.Cancel(transition, cancel.Cause);
                break;
            default:
                transition.Say(new Ignored($"an input of an unknown kind, {input.GetType().Name}"));
                break;
        }

        return input;
    }

    private static void Conclude(Transition transition)
    {
        SchedulerState before = transition.Before;
        if (transition.DoneCount != before.DoneCount || transition.OpenCount != before.OpenCount)
        {
            transition.Say(new Progress(transition.DoneCount, transition.DoneCount + transition.OpenCount));
        }

        if (transition.Runs && transition.OpenCount == 0)
        {
            Endings.Finish(transition);
        }

        if (transition.Runs && transition.MembershipChanged)
        {
            Membership.SayWhatIsUnserved(transition);
        }
    }

    private static bool IsRecorded(Transition transition, SchedulerInput input) => input switch
    {
        LeaseRenewed or Tick => transition.IsDurable,
        JobAdopted => transition.Status != JobStatus.Absent,
        _ => transition.IsDurable || transition.Outputs.Any(output => output is Nondeterminism),
    };
}
