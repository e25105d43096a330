using System.Collections.Immutable;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Pipeline.Scheduling.Outputs;

namespace MambaQuant.Pipeline.Simulation;

/// <summary>A production run as its journal tells it: who worked on what, and when; the ground to simulate it on other clusters.</summary>
public sealed class RecordedRun
{
    private RecordedRun(SchedulerState end, ImmutableArray<RecordedAttempt> attempts, TimeSpan duration)
    {
        End = end;
        Attempts = attempts;
        Duration = duration;
    }

    /// <summary>The state behind the last record.</summary>
    public SchedulerState End { get; }

    /// <summary>All attempts that ended, in the order of their ends.</summary>
    public ImmutableArray<RecordedAttempt> Attempts { get; }

    /// <summary>From the first to the last record, on the scheduler's clock.</summary>
    public TimeSpan Duration { get; }

    /// <summary>Seconds that each item took in the attempt that counted, transfers included; for <see cref="SimulationOptions.RecordedSeconds"/>.</summary>
    public IReadOnlyDictionary<int, double> Seconds =>
        Attempts.Where(attempt => attempt.Counted)
            .GroupBy(attempt => attempt.Item)
            .ToDictionary(item => item.Key, item => (item.Last().Ended - item.Last().Began).TotalSeconds);

    /// <summary>Replays a journal.</summary>
    /// <param name="records">Its records, in order; a submitted job with its graph (<see cref="JournalReplay.Records"/>).</param>
    public static RecordedRun Read(IEnumerable<SchedulerInput> records)
    {
        ArgumentNullException.ThrowIfNull(records);
        SchedulerState state = SchedulerState.Empty;
        long? first = null;
        Dictionary<LeaseName, long> open = [];
        ImmutableArray<RecordedAttempt>.Builder attempts = ImmutableArray.CreateBuilder<RecordedAttempt>();
        foreach (SchedulerInput record in records)
        {
            SchedulerStep step = Scheduler.ReplayStep(state, record);
            state = step.State;
            first ??= record.At;
            if (record is WorkCompleted completed)
            {
                Close(new LeaseName(completed.Worker, completed.Item, completed.Attempt), counted: true);
            }

            foreach (SchedulerOutput output in step.Outputs)
            {
                switch (output)
                {
                    case Assign assign:
                        open.TryAdd(new LeaseName(assign.Worker, assign.Item, assign.Attempt), state.Now);
                        break;
                    case Revoke revoke:
                        Close(new LeaseName(revoke.Worker, revoke.Item, revoke.Attempt), counted: false);
                        break;
                    case Returned returned:
                        Close(new LeaseName(returned.Worker, returned.Item, returned.Attempt), counted: false);
                        break;
                }
            }
        }

        return new RecordedRun(state, attempts.ToImmutable(), Span(state.Now));

        void Close(LeaseName lease, bool counted)
        {
            if (open.Remove(lease, out long began))
            {
                attempts.Add(new RecordedAttempt(lease.Item, lease.Attempt, lease.Worker, Span(began), Span(state.Now), counted));
            }
        }

        TimeSpan Span(long at) => TimeSpan.FromMilliseconds(at - (first ?? at));
    }
}
