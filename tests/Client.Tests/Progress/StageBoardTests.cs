using MambaQuant.Client.Progress;
using MambaQuant.Pipeline.Driving;
using Xunit;

namespace MambaQuant.Client.Tests.Progress;

public sealed class StageBoardTests
{
    private readonly ManualClock _clock = new();

    [Fact]
    public void StagesInTurns_CountTheirOwnTimeOnly()
    {
        StageBoard board = new(_clock);
        StageMeter search = board.Update(new StageProgress("search", 0, 8, "layers"));
        _clock.Advance(10);
        board.Update(new StageProgress("search", 1, 8, "layers"));
        StageMeter fold = board.Update(new StageProgress("fold", 0, 8, "layers"));
        _clock.Advance(2);
        board.Update(new StageProgress("fold", 1, 8, "layers"));
        board.Update(new StageProgress("search", 1, 8, "layers"));
        _clock.Advance(10);
        board.Update(new StageProgress("search", 2, 8, "layers"));

        Assert.Equal((TimeSpan.FromSeconds(20), 0.1), (search.Elapsed, search.Rate));
        Assert.Equal((TimeSpan.FromSeconds(2), 0.5), (fold.Elapsed, fold.Rate));
        Assert.Equal(TimeSpan.FromSeconds(60), search.Remaining);
        Assert.Equal(TimeSpan.FromSeconds(14), fold.Remaining);
        Assert.Equal([search, fold], board.Stages);
        Assert.Same(search, board.Current);
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
