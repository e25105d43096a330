using MambaQuant.Client.Progress;
using MambaQuant.Client.Tests.Jobs;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Testing;
using Spectre.Console;
using Xunit;

namespace MambaQuant.Client.Tests.Progress;

public sealed class LiveProgressDisplayTests
{
    private readonly ManualClock _clock = new();

    [Fact]
    public void Table_ShowsBarPercentCountRateAndTimeLeft()
    {
        LiveStages stages = new(_clock);
        stages.Update(new StageProgress("observe original", 0, 32768, "tokens"));
        _clock.Advance(20);
        stages.Update(new StageProgress("observe original", 32768, 32768, "tokens"));
        stages.Update(new StageProgress("search smoothing", 0, 8, "layers"));
        _clock.Advance(60);
        stages.Update(new StageProgress("search smoothing", 3, 8, "layers"));

        Assert.Equal(
            """
              observe original  ████████████████████████  100 %  32,768 of 32,768 tokens  1,638 tokens/s  20 s
              search smoothing  ████████░░░░░░░░░░░░░░░░   37 %  3 of 8 layers            0.050 layers/s  1 min 40 s left

            """,
            Render(stages));
    }

    [Theory]
    [InlineData(200)]
    [InlineData(100)]
    [InlineData(80)]
    [InlineData(60)]
    [InlineData(40)]
    [InlineData(36)]
    public void Stage_IsOneLineWhateverTheWidth(int width)
    {
        LiveStages stages = RunHalfWay();
        string[] lines = Render(stages, width).TrimEnd('\n').Split('\n');
        Assert.Equal(3, lines.Length);
        Assert.All(lines, line => Assert.True(line.Length <= width, line));
        Assert.All(lines, line => Assert.Contains("%", line, StringComparison.Ordinal));
        Assert.EndsWith("1 min 40 s left", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public void NarrowTerminal_KeepsNamePercentAndTime()
    {
        LiveStages stages = RunHalfWay();
        Assert.Equal(
            """
              residual rotation  ███████████████████  100 %                  2 s
              observe original   ███████████████████  100 %  1,638 tokens/s  20 s
              search smoothing   ███████░░░░░░░░░░░░   37 %  0.050 layers/s  1 min 40 s left

            """,
            Render(stages, 80));
        Assert.Equal(
            """
              residual rota…  100 %  2 s
              observe origi…  100 %  20 s
              search smooth…   37 %  1 min 40 s left

            """,
            Render(stages, 40));
    }

    [Fact]
    public void Table_IsRedrawnWhenSomethingChanged_OrASecondPassed()
    {
        LiveStages stages = new(_clock);
        stages.Update(new StageProgress("fold", 1, 8, "layers"));
        Assert.True(stages.NeedsRedraw());

        Render(stages);
        Assert.False(stages.NeedsRedraw());

        _clock.Advance(1);
        Assert.True(stages.NeedsRedraw());
    }

    [Fact]
    public void WatchedJob_ShowsItsWorkersBelowTheStages_UntilItEnds()
    {
        WorkPlan plan = RecordedStore.Plan("W8A8");
        var job = new JobWatch(plan, "a store", _clock);
        LiveStages stages = RunHalfWay();
        string alone = Render(stages);
        job.Show(new JobOverview { Job = plan.Id, Status = JobStatus.Running, Workers = [new WorkerOverview("local-0", "", 0, 1, 1, 2, "tokens", 1, 0)] });
        stages.Watch(job);

        Assert.StartsWith($"{alone}  0 of 0 items, 1 of 1 worker busy\n  local-0  {plan.Graph.Items[0].Label}  50 %", Render(stages), StringComparison.Ordinal);

        stages.Finish();
        Assert.DoesNotContain("local-0", Render(stages), StringComparison.Ordinal);
    }

    [Fact]
    public void Work_ShowsTitleAndFinalTable_AndGivesItsResult()
    {
        StringWriter text = new() { NewLine = "\n" };
        LiveProgressDisplay display = new(Console(text), _clock);

        int result = display.Run("quantizing [1 of 2]", progress =>
        {
            progress.Report(new StageProgress("read", 0, 0, "files"));
            _clock.Advance(2);
            progress.Report(new StageProgress("read", 7, 0, "files"));
            return 42;
        });

        Assert.Equal(42, result);
        Assert.StartsWith("quantizing [1 of 2]\n", text.ToString(), StringComparison.Ordinal);
        Assert.Contains("  read  ████████████████████████  7 files  3.50 files/s  2 s", text.ToString(), StringComparison.Ordinal);
    }

    /// <summary>A stage of one step, one that is done, one that is not.</summary>
    private LiveStages RunHalfWay()
    {
        LiveStages stages = new(_clock);
        stages.Update(new StageProgress("residual rotation", 0, 1, "rotations"));
        _clock.Advance(2);
        stages.Update(new StageProgress("residual rotation", 1, 1, "rotations"));
        stages.Update(new StageProgress("observe original", 0, 32768, "tokens"));
        _clock.Advance(20);
        stages.Update(new StageProgress("observe original", 32768, 32768, "tokens"));
        stages.Update(new StageProgress("search smoothing", 0, 8, "layers"));
        _clock.Advance(60);
        stages.Update(new StageProgress("search smoothing", 3, 8, "layers"));
        return stages;
    }

    private static string Render(LiveStages stages, int width = 120)
    {
        StringWriter text = new() { NewLine = "\n" };
        IAnsiConsole console = Console(text);
        console.Profile.Width = width;
        console.Write(stages);
        return string.Join('\n', text.ToString().Split('\n').Select(line => line.TrimEnd()));
    }

    private static IAnsiConsole Console(TextWriter text)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(text),
        });
        console.Profile.Width = 120;
        return console;
    }
}
