using System.Collections.Immutable;
using MambaQuant.Client.Progress;
using MambaQuant.Client.Tests.Jobs;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using Xunit;

namespace MambaQuant.Client.Tests.Progress;

public sealed class WorkerLinesTests
{
    private static readonly WorkPlan Plan = RecordedStore.Plan("W8A8");

    private static readonly JobOverview Overview = new()
    {
        Job = Plan.Id,
        Status = JobStatus.Running,
        Kinds = [new KindOverview(WorkKind.ObserveOriginal, 3, 1, 1, 4, 0), new KindOverview(WorkKind.Quantize, 2, 0, 0, 1, 5)],
        Repeated = 1,
        Workers =
        [
            new WorkerOverview("local-0", "", null, 0, 0, 0, "", 0, 2),
            new WorkerOverview("local-1", "", 1, 2, 256, 1024, "tokens", 4, 3),
        ],
    };

    [Fact]
    public void BusyWorkers_StandFirst_WithTheirItemAndItsRate()
    {
        Assert.Equal(
            [
                "  5 of 12 items, 1 of 2 workers busy, 1 begun again",
                $"  local-1  {Plan.Graph.Items[1].Label}  25 %  4 s  64.0 tokens/s",
                $"  local-0  {"waits".PadRight(Plan.Graph.Items[1].Label.Length)}".TrimEnd(),
            ],
            WorkerLines.Of(Overview, Plan, 120).AsEnumerable());
    }

    [Theory]
    [InlineData(200)]
    [InlineData(60)]
    [InlineData(20)]
    [InlineData(1)]
    public void Worker_IsOneLineWhateverTheWidth(int width)
    {
        ImmutableArray<string> lines = WorkerLines.Of(Overview, Plan, width);

        Assert.Equal(3, lines.Length);
        Assert.All(lines, line => Assert.True(line.Length <= width, line));
    }

    [Fact]
    public void ManyWorkers_AreCounted()
    {
        JobOverview many = Overview with { Workers = [.. Enumerable.Range(0, 1000).Select(worker => new WorkerOverview($"w{worker}", "", worker % 2, 1, 0, 0, "", 1, 0))] };

        ImmutableArray<string> lines = WorkerLines.Of(many, Plan, 100);

        Assert.Equal(WorkerLines.Most + 2, lines.Length);
        Assert.Equal("  5 of 12 items, 1,000 of 1,000 workers busy, 1 begun again", lines[0]);
        Assert.Equal("  and 992 more", lines[^1]);
    }

    [Fact]
    public void NobodyAtWork_TakesNoLine() => Assert.Empty(WorkerLines.Of(Overview with { Workers = [] }, Plan, 100));
}
