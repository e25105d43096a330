using System.Collections.Immutable;
using System.Globalization;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Pipeline.Scheduling.Outputs;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Scheduling;

/// <summary>A job whose next owner schedules it in another way, as one of a later version of the program.</summary>
public sealed class AdoptedOptionsTests
{
    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 2)]
    public void ReturnedFirst_HoldsForWhatIsReadyAlready(bool returnedFirst, int expected)
    {
        // The small worker takes the least urgent item, the only one that it can hold, and is lost with it.
        SchedulerState state = SchedulerState.Empty;
        SchedulerInput[] inputs =
        [
            new JobSubmitted(0, "job", "cpu", new SchedulerOptions(), []) { Graph = Graph(seconds: [3, 2, 1], memory: [9, 9, 1]) },
            new WorkerJoined(0, "small", 1, "cpu"),
            new WorkRequested(0, "small"),
            new WorkerLost(1, "small", "gone", Drained: false),
            new JobAdopted(0, "next") { Options = new SchedulerOptions { ReturnedFirst = returnedFirst } },
            new WorkerJoined(1, "large", 9, "cpu"),
        ];
        foreach (SchedulerInput input in inputs)
        {
            state = Scheduler.Step(state, input).State;
            StateAudit.Check(state);
        }

        SchedulerState restored = StateSnapshot.Read(StateSnapshot.Write(state, 1, 1), state.Shape!.Graph);

        Assert.Equal(expected, Assert.Single(Scheduler.Step(state, new WorkRequested(2, "large")).Outputs.OfType<Assign>()).Item);
        Assert.Equal(expected, Assert.Single(Scheduler.Step(restored, new WorkRequested(2, "large")).Outputs.OfType<Assign>()).Item);
    }

    private static WorkGraph Graph(long[] seconds, long[] memory) => new(
        [.. seconds.Select((cost, index) => new WorkItem(
            index, WorkKind.Evaluate, -1, 0, index, new ArtifactKey(index.ToString("x64", CultureInfo.InvariantCulture)), ImmutableArray<int>.Empty, new WorkCost(cost * 1_000_000_000, 0, 0, 0, memory[index])))]);
}
