using System.Collections.Immutable;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Execution;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Pipeline.Scheduling.Outputs;
using MambaQuant.Pipeline.Tests.Planning;
using MambaQuant.Quant.Recipes;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Driving;

public sealed class JobBoardTests
{
    private const string Worker = "w";

    private readonly WorkPlan _plan = WorkPlanner.Plan(PlanCase.Request(RecipePresets.Get("rtn"), blocks: 2, shards: 2));
    private readonly BoardClock _clock = new();
    private readonly JobBoard _board;
    private SchedulerState _state = SchedulerState.Empty;
    private long _now;

    public JobBoardTests()
    {
        _board = new JobBoard(_plan, _clock);
        Step(new JobSubmitted(_now, _plan.Id, "p", new SchedulerOptions(), []) { Graph = _plan.Graph });
        _board.Begin(_state);
        Step(new WorkerJoined(_now, Worker, long.MaxValue, "p"));
    }

    private JobOverview View(long after = 0) => _board.View(_state, "owner", "a store", after);

    [Fact]
    public void FirstView_HasEveryItem_LaterOnesThoseThatChanged()
    {
        JobOverview first = View();
        Assert.Equal(_plan.Graph.Items.Select(item => item.Index), first.Items.Select(change => change.Item));

        Assert.Empty(View(first.Version).Items);
        Assign begun = Ask();
        JobOverview second = View(first.Version);

        Assert.Equal(new ItemChange(begun.Item, ItemStatus.Running), Assert.Single(second.Items));
        Assert.True(second.Version > first.Version);
        Assert.Equal(_plan.Graph.Items.Length, View().Items.Length);
    }

    [Fact]
    public void TwoWatchers_MissNothing_WhateverTheOtherAsks()
    {
        JobOverview slow = View();
        var seen = slow.Items.ToDictionary(change => change.Item, change => change.Status);
        long fast = slow.Version;
        while (_state.Status == JobStatus.Running)
        {
            Complete(Ask());
            fast = View(fast).Version;
        }

        foreach (ItemChange change in View(slow.Version).Items)
        {
            seen[change.Item] = change.Status;
        }

        Assert.All(_plan.Graph.Items, item => Assert.Equal(_state.StatusOf(item.Index), seen[item.Index]));
    }

    [Fact]
    public void FinishedJob_HasEveryStageDone_AndItsWorkerMadeEverything()
    {
        while (_state.Status == JobStatus.Running)
        {
            Complete(Ask());
        }

        JobOverview end = View();

        Assert.Equal(JobStatus.Finished, end.Status);
        Assert.All(end.Stages, stage => Assert.Equal(stage.Total, stage.Done));
        Assert.Equal(end.Made, Assert.Single(end.Workers).ItemsMade);
        Assert.Equal(_plan.Graph.Items.Length, end.Kinds.Sum(kind => kind.Done + kind.Unneeded));
    }

    [Fact]
    public void ItemMadeAgain_BetweenTwoViews_LeavesNoStageUnfinished()
    {
        Assign first = Ask();
        Complete(first);
        Assign second = Ask();
        Step(new WorkFailed(++_now, Worker, second.Item, second.Attempt, WorkFailure.InputLost, "gone", first.Item));
        while (_state.Status == JobStatus.Running)
        {
            Complete(Ask());
        }

        JobOverview end = View();

        Assert.All(end.Stages, stage => Assert.Equal(stage.Total, stage.Done));
        NoticeOverview notice = Assert.Single(end.Notices, notice => notice.Kind == NoticeKind.Damage);
        Assert.Contains(_plan.Graph.Items[first.Item].Label, notice.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Failure_IsANotice_WithItsCauseAndItsTime()
    {
        Assign item = Ask();
        Step(new WorkFailed(++_now, Worker, item.Item, item.Attempt, WorkFailure.Permanent, "cannot be") { Fault = "TypeOfFailure" });

        JobOverview end = View();

        Assert.Equal((JobStatus.Failed, "TypeOfFailure"), (end.Status, end.Fault));
        NoticeOverview notice = Assert.Single(end.Notices, notice => notice.Kind == NoticeKind.Failure);
        Assert.Contains("cannot be", notice.Text, StringComparison.Ordinal);
        Assert.Equal(_clock.GetUtcNow().ToUnixTimeMilliseconds(), notice.At);
    }

    [Fact]
    public void Worker_TellsItsItemAndHowFast()
    {
        Assign item = Ask();
        _board.Hear(Worker, item.Attempt, new ItemProgress(item.Item, 0, 80, "tokens", 0));
        _clock.Pass(TimeSpan.FromSeconds(4));
        _board.Hear(Worker, item.Attempt, new ItemProgress(item.Item, 20, 80, "tokens", 0));

        WorkerOverview worker = Assert.Single(View().Workers);

        Assert.Equal((item.Item, 20L, 80L, "tokens", 5.0), (worker.Item!.Value, worker.Done, worker.Total, worker.Unit, worker.PerSecond));
    }

    [Fact]
    public void StageThatIsDone_KeepsItsRate()
    {
        View();
        while (View().Stages is var stages && (stages.Length == 0 || stages.All(stage => stage.Done == 0)))
        {
            _clock.Pass(TimeSpan.FromHours(1)); // waits for its turn, which counts for nothing
            Assign item = Ask();
            _clock.Pass(TimeSpan.FromSeconds(1));
            Complete(item);
        }

        _clock.Pass(TimeSpan.FromHours(1)); // nobody looked
        StageOverview before = View().Stages.First(stage => stage.Done > 0);
        _clock.Pass(TimeSpan.FromHours(1));

        Assert.Equal(before, View().Stages.First(stage => stage.Stage == before.Stage));
        Assert.Equal(before.Done / 1.0, before.PerSecond);
    }

    private Assign Ask()
    {
        if (_state.LeaseOf(Worker) is { } held)
        {
            return new Assign(held.Worker, held.Item, held.Attempt);
        }

        for (; ; _now += 1000)
        {
            Step(new WorkRequested(_now, Worker));
            Step(new Tick(_now));
            if (_state.LeaseOf(Worker) is { } lease)
            {
                return new Assign(lease.Worker, lease.Item, lease.Attempt);
            }
        }
    }

    private void Complete(Assign item)
    {
        Step(new WorkCompleted(++_now, Worker, item.Item, item.Attempt, "c", Asks: false));
        _board.Hear(Worker, item.Item, [], _state);
    }

    private void Step(SchedulerInput input)
    {
        SchedulerStep step = Scheduler.Step(_state, input);
        _state = step.State;
        foreach (SchedulerOutput output in step.Outputs)
        {
            _board.Hear(output, _state);
        }
    }

    private sealed class BoardClock : TimeProvider
    {
        private long _ticks = TimeSpan.TicksPerDay;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(_ticks);

        public void Pass(TimeSpan span) => _ticks += span.Ticks;
    }
}
