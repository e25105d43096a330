using MambaQuant.Client.Progress;
using MambaQuant.Pipeline.Local;
using Xunit;

namespace MambaQuant.Client.Tests.Progress;

public sealed class StageBoardTests
{
    private readonly ManualClock _clock = new();

    [Fact]
    public void Stage_ThatFirstSpeaksWithProgress_BeganAfterTheOneBefore()
    {
        StageBoard board = new(_clock);
        board.Update(new StageProgress("first", 0, 2, "layers"));
        _clock.Advance(4);
        board.Update(new StageProgress("first", 2, 2, "layers"));
        _clock.Advance(6);

        StageMeter second = board.Update(new StageProgress("second", 3, 12, "layers"));

        Assert.Equal(TimeSpan.FromSeconds(6), second.Elapsed);
        Assert.Equal(0.5, second.Rate);
        Assert.Equal(TimeSpan.FromSeconds(18), second.Remaining);
        Assert.Equal(TimeSpan.FromSeconds(4), board.Stages[0].Elapsed);
    }

    [Fact]
    public void NewStage_StopsTheOneBefore()
    {
        StageBoard board = new(_clock);
        StageMeter first = board.Update(new StageProgress("first", 1, 0, "files"));
        _clock.Advance(5);

        board.Update(new StageProgress("second", 0, 1, "layers"));
        _clock.Advance(5);

        Assert.True(first.IsComplete);
        Assert.Equal(TimeSpan.FromSeconds(5), first.Elapsed);
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
