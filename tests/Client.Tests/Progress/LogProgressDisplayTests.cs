using MambaQuant.Client.Progress;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Client.Tests.Progress;

public sealed class LogProgressDisplayTests : IDisposable
{
    private readonly ManualClock _clock = new();
    private readonly StringWriter _error = new() { NewLine = "\n" };

    [Fact]
    public void Milestones_AreOneLineEach_WithCountRateAndTimeLeft()
    {
        Run(progress =>
        {
            progress.Report(new StageProgress("observe original", 0, 32768, "tokens"));
            for (int done = 1024; done <= 32768; done += 1024)
            {
                _clock.Advance(1);
                progress.Report(new StageProgress("observe original", done, 32768, "tokens"));
            }
        });

        Assert.Equal(
            """
            quantizing
              observe original: 25 % (8,192 of 32,768 tokens, 1,024 tokens/s, 24 s left)
              observe original: 50 % (16,384 of 32,768 tokens, 1,024 tokens/s, 16 s left)
              observe original: 75 % (24,576 of 32,768 tokens, 1,024 tokens/s, 8 s left)
              observe original: 29,696 of 32,768 tokens, 1,024 tokens/s, 3 s left
              observe original: 100 % (32,768 tokens in 32 s)
            quantizing: done in 32 s

            """,
            _error.ToString());
    }

    [Fact]
    public void Heartbeat_ComesEvery30Seconds_WhateverElseIsSaid()
    {
        Run(progress =>
        {
            _clock.Advance(31);
            progress.Report(new StageProgress("search smoothing", 0, 8, "layers"));
            _clock.Advance(10);
            progress.Report(new StageProgress("search smoothing", 1, 8, "layers"));
            _clock.Advance(40);
            progress.Report(new StageProgress("search smoothing", 2, 8, "layers"));
            _clock.Advance(10);
        });

        Assert.Equal(
            """
            quantizing
              still running after 30 s
              search smoothing: 1 of 8 layers, 0.100 layers/s, 1 min 10 s left
              search smoothing: 25 % (2 of 8 layers, 0.040 layers/s, 2 min 30 s left)
              search smoothing: 2 of 8 layers, 0.040 layers/s, 2 min 30 s left
            quantizing: done in 1 min 31 s

            """,
            _error.ToString());
    }

    [Fact]
    public void PipeThatNobodyReads_EndsTheLinesAndNotTheWork()
    {
        using var closed = new ClosedPipe();

        int result = new LogProgressDisplay(closed, _clock).Run("quantizing", progress =>
        {
            _clock.Advance(100);
            progress.Report(new StageProgress("quantize", 8, 8, "layers"));
            return 42;
        });

        Assert.Equal((42, 1), (result, closed.Lines));
    }

    [Fact]
    public void RushingStage_IsWorthOneLine()
    {
        Run(progress =>
        {
            for (int done = 0; done <= 8; done++)
            {
                progress.Report(new StageProgress("fold", done, 8, "layers"));
                _clock.Advance(0.1);
            }
        });

        Assert.Equal("quantizing\n  fold: 100 % (8 layers in 1 s)\nquantizing: done in 1 s\n", _error.ToString());
    }

    [Fact]
    public void StageOfOneStep_IsDoneAndNothingIsCounted()
    {
        Run(progress =>
        {
            progress.Report(new StageProgress("residual rotation", 0, 1, "rotations"));
            _clock.Advance(2);
            progress.Report(new StageProgress("residual rotation", 1, 1, "rotations"));
        });

        Assert.Equal("quantizing\n  residual rotation: done in 2 s\nquantizing: done in 2 s\n", _error.ToString());
    }

    [Fact]
    public void StageThatLeapsOverAQuarter_SaysHowFarItIs()
    {
        Run(progress =>
        {
            progress.Report(new StageProgress("quantize", 0, 8, "layers"));
            _clock.Advance(3);
            progress.Report(new StageProgress("quantize", 3, 8, "layers"));
        });

        Assert.Contains("quantize: 37 % (3 of 8 layers,", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void UnknownTotal_GivesCountAndRateOnly()
    {
        Run(progress =>
        {
            progress.Report(new StageProgress("read", 0, 0, "lines"));
            _clock.Advance(20);
            progress.Report(new StageProgress("read", 500, 0, "lines"));
            _clock.Advance(10);
        });

        Assert.Equal("quantizing\n  read: 500 lines, 25.0 lines/s\nquantizing: done in 30 s\n", _error.ToString());
    }

    [Fact]
    public void FailedWork_EndsTheHeartbeat()
    {
        Assert.Throws<InvalidOperationException>(() => Run(_ => throw new InvalidOperationException()));

        _clock.Advance(100);

        Assert.Equal("quantizing\n", _error.ToString());
    }

    public void Dispose() => _error.Dispose();

    private sealed class ClosedPipe : StringWriter
    {
        public int Lines { get; private set; }

        public override void WriteLine(string? value)
        {
            Lines++;
            throw new IOException("Broken pipe");
        }
    }

    private void Run(Action<IProgress<StageProgress>> work) => new LogProgressDisplay(_error, _clock).Run("quantizing", progress =>
    {
        work(progress);
        return 0;
    });
}
