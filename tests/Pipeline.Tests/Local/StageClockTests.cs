using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Local;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Local;

public sealed class StageClockTests
{
    private readonly HandClock _time = new();
    private readonly StageLog _log = new();

    [Fact]
    public void Durations_AreSummedOverTheTurnsOfAStage()
    {
        var clock = new StageClock(_log, _time);
        Pass(clock, "observe", 3);
        Pass(clock, "quantize", 5);
        Pass(clock, "observe", 7);
        Assert.Equal([("observe", 10.0), ("quantize", 5.0)], Seconds(clock));
    }

    [Fact]
    public void Durations_CountTheRunningStageUpToNow_AndGoOn()
    {
        var clock = new StageClock(_log, _time);
        Pass(clock, "quantize", 2);
        Assert.Equal([("quantize", 2.0)], Seconds(clock));
        _time.Seconds += 4;
        Assert.Equal([("quantize", 6.0)], Seconds(clock));
        Pass(clock, "quantize", 1);
        Assert.Equal([("quantize", 7.0)], Seconds(clock));
    }

    [Fact]
    public void Durations_BeforeAnyReport_AreNone() => Assert.Empty(new StageClock(_log, _time).Durations);

    [Fact]
    public void Reports_ArePassedOnAsTheyCome()
    {
        var clock = new StageClock(_log, _time);
        clock.Report("observe", 1, 4, "tokens");
        clock.Report("observe", 4, 4, "tokens");
        Assert.Equal([new StageProgress("observe", 1, 4, "tokens"), new StageProgress("observe", 4, 4, "tokens")], _log.Reports);
    }

    private static IEnumerable<(string, double)> Seconds(StageClock clock) =>
        clock.Durations.Select(duration => (duration.Stage, duration.Elapsed.TotalSeconds));

    private void Pass(StageClock clock, string stage, int seconds)
    {
        clock.Report(stage, 0, 1, "steps");
        _time.Seconds += seconds;
    }

    private sealed class HandClock : TimeProvider
    {
        public int Seconds { get; set; }

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Seconds;
    }
}
