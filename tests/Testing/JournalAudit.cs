using System.Collections.Immutable;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Inputs;
using Xunit;

namespace MambaQuant.Testing;

/// <summary>What the journal of a job says of its leases: who was given what, and how each lease ended.</summary>
public sealed class JournalAudit
{
    private readonly WorkPlan _plan;
    private readonly JournalReplay _replay;
    private readonly int[] _given, _gone, _made;

    private JournalAudit(WorkPlan plan, JournalReplay replay)
    {
        _plan = plan;
        _replay = replay;
        (_given, _gone, _made) = (new int[plan.Graph.Items.Length], new int[plan.Graph.Items.Length], new int[plan.Graph.Items.Length]);
        ImmutableArray<LostLease>.Builder lost = ImmutableArray.CreateBuilder<LostLease>();
        SchedulerState state = SchedulerState.Empty;
        foreach (SchedulerInput record in replay.Records)
        {
            SchedulerState next = Scheduler.Replay(state, record);
            HashSet<LeaseName> before = [.. state.Leases], after = [.. next.Leases];
            foreach (LeaseName lease in before.Except(after))
            {
                if (record is WorkCompleted completed && (completed.Worker, completed.Item) == (lease.Worker, lease.Item))
                {
                    _made[lease.Item]++;
                }
                else
                {
                    _gone[lease.Item]++;
                    lost.Add(new LostLease(lease, record));
                }
            }

            foreach (LeaseName lease in after.Except(before))
            {
                Assert.True(state.Job is null || state.StatusOf(lease.Item) != ItemStatus.Done, $"{plan.Graph.Items[lease.Item].Label} is given out although it is done");
                _given[lease.Item]++;
            }

            state = next;
        }

        Lost = lost.ToImmutable();
        Owners = [.. replay.Records.OfType<JobAdopted>().Select(adopted => adopted.Owner)];
    }

    /// <summary>Leases that ended without their item being made by them, in order: lost, given back, or second to another one that was faster.</summary>
    public ImmutableArray<LostLease> Lost { get; }

    /// <summary>Who took the job over, in order; the first owner is not among them.</summary>
    public ImmutableArray<string> Owners { get; }

    /// <summary>How often items were given out that had been given out before.</summary>
    public int Repeated => _given.Sum(given => Math.Max(0, given - 1));

    /// <summary>Reads.</summary>
    /// <param name="store">The store.</param>
    /// <param name="plan">The job.</param>
    public static async Task<JournalAudit> ReadAsync(IArtifactStore store, WorkPlan plan) =>
        new(plan, await Journal.ReplayAsync(store, plan.Id, plan.Graph, CancellationToken.None));

    /// <summary>Leases that a silo lost.</summary>
    /// <param name="silo">Its name.</param>
    public IEnumerable<LostLease> LostBy(string silo) => Lost.Where(lost => lost.Lease.Worker.StartsWith(silo + "/", StringComparison.Ordinal));

    /// <summary>No item is lost; none was given out more often than its leases allow: once, and once more for each lease that ended without it being made.</summary>
    public void AssertSound()
    {
        foreach (WorkItem item in _plan.Graph.Items)
        {
            int index = item.Index;
            Assert.True(_replay.State.StatusOf(index) is ItemStatus.Done or ItemStatus.Unneeded, $"{item.Label} is {_replay.State.StatusOf(index)} at the end");
            Assert.True(
                _given[index] <= 1 + _gone[index] && _given[index] == _made[index] + _gone[index] && _replay.State.AttemptsOf(index) == _given[index],
                $"{item.Label} was given out {_given[index]} times (attempt {_replay.State.AttemptsOf(index)}): {_made[index]} leases made it, {_gone[index]} were lost:\n{this}");
        }
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"leases lost:\n{string.Join('\n', Lost.Select(lost => $"{lost.Lease} of {_plan.Graph.Items[lost.Lease.Item].Label}: {lost.Record}"))}\ntaken over by: {string.Join("; ", Owners)}";
}
