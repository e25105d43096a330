using MambaQuant.Client.Progress;
using MambaQuant.Client.Tests.Jobs;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Client.Tests.Progress;

public sealed class StageBoardTests
{
    private readonly ManualClock _clock = new();

    [Fact]
    public void StagesOfAJob_HaveItsRatesAndTimesLeft()
    {
        WorkPlan plan = RecordedStore.Plan("W8A8");
        var job = new JobWatch(plan, "a store", _clock);
        StageBoard board = new(_clock) { Job = job };
        board.Update(new StageProgress("upload", 5, 10, "MB"));
        _clock.Advance(10);
        job.Show(new JobOverview { Job = plan.Id, Status = JobStatus.Running, Stages = [new StageOverview("search", 2, 8, "layers", 0.25), new StageOverview("fold", 8, 8, "layers", 3)] });
        board.Update(new StageProgress("search", 1, 8, "layers"));

        Assert.Equal(["upload", "search", "fold"], board.Stages.Select(stage => stage.Stage));
        Assert.Equal((2, 0.25, TimeSpan.FromSeconds(24)), (board.Stages[1].Done, board.Stages[1].Rate, board.Stages[1].Remaining));
        Assert.Equal((true, 3, null), (board.Stages[2].IsComplete, board.Stages[2].Rate, board.Stages[2].Remaining));
        Assert.Same(board.Stages[1], board.Current);
    }

    [Fact]
    public void CompleteStage_StandsStill()
    {
        StageBoard board = new(_clock);
        StageMeter stage = board.Update(new StageProgress("fold", 0, 2, "layers"));
        _clock.Advance(5);
        board.Update(new StageProgress("fold", 2, 2, "layers"));
        _clock.Advance(5);
        board.Update(new StageProgress("fold", 2, 2, "layers"));
        _clock.Advance(5);

        Assert.True(stage.IsComplete);
        Assert.Equal(TimeSpan.FromSeconds(5), stage.Elapsed);
        Assert.Null(stage.Remaining);
    }

    [Fact]
    public void Bar_NeverRunsBackwards()
    {
        StageBoard board = new(_clock);
        board.Update(new StageProgress("first", 5, 8, "layers"));

        StageMeter stage = board.Update(new StageProgress("first", 4, 8, "layers"));

        Assert.Equal(5, stage.Done);
    }

    [Fact]
    public void Percent_IsRoundedDown_SoThat100MeansDone()
    {
        StageBoard board = new(_clock);

        Assert.Equal(99, board.Update(new StageProgress("a", 999, 1000, "x")).Percent);
        Assert.Equal(100, board.Update(new StageProgress("a", 1000, 1000, "x")).Percent);
        Assert.Null(board.Update(new StageProgress("b", 7, 0, "x")).Percent);
        Assert.Equal(99, board.Update(new StageProgress("c", long.MaxValue - 1, long.MaxValue, "x")).Percent);
    }
}
