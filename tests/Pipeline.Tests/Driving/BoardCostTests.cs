using System.Diagnostics;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Pipeline.Scheduling.Outputs;
using MambaQuant.Pipeline.Tests.Planning;
using MambaQuant.Quant.Recipes;
using Xunit;
using Xunit.Abstractions;

namespace MambaQuant.Pipeline.Tests.Driving;

public sealed class BoardCostTests(ITestOutputHelper output)
{
    [Fact]
    public void LookAtALargeJob_CostsWhatChanged_NotWhatThereIs()
    {
        WorkPlan plan = WorkPlanner.Plan(PlanCase.Request(RecipePresets.Get("mambaquant"), blocks: 2, shards: 2000) with { Calibration = PlanCase.Request(RecipePresets.Get("rtn")).Calibration with { Samples = 2000 } });
        Assert.InRange(plan.Graph.Items.Length, 10_000, 1_000_000);
        SchedulerState state = Scheduler.Step(SchedulerState.Empty, new JobSubmitted(0, plan.Id, "p", new SchedulerOptions(), []) { Graph = plan.Graph }).State;
        state = Scheduler.Step(state, new WorkerJoined(0, "w", long.MaxValue, "p")).State;
        var board = new JobBoard(plan, TimeProvider.System);
        board.Begin(state);
        long known = board.View(state, "owner", "a store", 0).Version;
        double later = double.MaxValue;
        for (int round = 0; round < 200; round++)
        {
            SchedulerStep asked = Scheduler.Step(state, new WorkRequested(round, "w"));
            Assign begun = asked.Outputs.OfType<Assign>().Single();
            state = Scheduler.Step(asked.State, new WorkCompleted(round, "w", begun.Item, begun.Attempt, "sum", Asks: false)).State;
            later = Math.Min(later, Seconds(() =>
            {
                JobOverview seen = board.View(state, "owner", "a store", known);
                Assert.NotEmpty(seen.Items);
                known = seen.Version;
            }));
        }

        double everything = Enumerable.Range(0, 20).Min(_ => Seconds(() => new JobBoard(plan, TimeProvider.System).View(state, "owner", "a store", long.MaxValue)));
        output.WriteLine($"{plan.Graph.Items.Length} items: a look at everything {1e6 * everything:F0} us, a later one {1e6 * later:F0} us");
        JobOverview whole = board.View(state, "owner", "a store", 0), fresh = new JobBoard(plan, TimeProvider.System).View(state, "owner", "a store", 0);
        Assert.Equal(fresh.Kinds.AsEnumerable(), whole.Kinds);
        Assert.Equal((fresh.Made, fresh.Reused, fresh.Repeated), (whole.Made, whole.Reused, whole.Repeated));
        Assert.Equal(fresh.Items.AsEnumerable(), whole.Items);

        // The best of many each. Measured: 37 us against 1,500 us.
        Assert.InRange(later, 0, everything / 4);
    }

    private static double Seconds(Action action)
    {
        long began = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }
}
