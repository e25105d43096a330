using System.Text;
using System.Text.Json;
using MambaQuant.Dashboard.Watching;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Scheduling;
using Xunit;

namespace MambaQuant.Dashboard.Tests.Watching;

public sealed class JobMirrorTests
{
    [Fact]
    public void NewPage_GetsEverything()
    {
        JobMirror mirror = Mirror();

        using JsonDocument whole = Read(mirror, 0, out bool isWhole);

        Assert.True(isWhole);
        Assert.Equal("454", whole.RootElement.GetProperty("items").GetString());
        Assert.Equal("running", whole.RootElement.GetProperty("status").GetString());
        Assert.Equal(2, whole.RootElement.GetProperty("workers").GetArrayLength());
        Assert.Equal("first", whole.RootElement.GetProperty("notices")[0].GetProperty("text").GetString());
    }

    [Fact]
    public void PageThatKnows_GetsOnlyWhatIsNew()
    {
        JobMirror mirror = Mirror();
        long known = mirror.Sequence;
        mirror.Absorb(Overview() with { Items = [new ItemChange(1, ItemStatus.Done), new ItemChange(2, ItemStatus.Done)], Workers = [Worker("a", 2), Worker("b", 1)] });

        using JsonDocument change = Read(mirror, known, out bool isWhole);

        Assert.False(isWhole);
        Assert.Equal([2, 5], change.RootElement.GetProperty("items").EnumerateArray().Select(value => value.GetInt32()));
        Assert.Equal("a", Assert.Single(change.RootElement.GetProperty("workers").EnumerateArray()).GetProperty("name").GetString());
        Assert.Equal(["items", "workers"], change.RootElement.EnumerateObject().Select(property => property.Name).Order());
    }

    [Fact]
    public void NothingNew_IsNoChange()
    {
        JobMirror mirror = Mirror();
        long known = mirror.Sequence;

        Assert.False(mirror.Absorb(Overview() with { Workers = [Worker("a", 1) with { Seconds = 99 }, Worker("b", 1)] }));
        Assert.Equal(known, mirror.Sequence);
    }

    [Fact]
    public void StageOfWhichOnlyTheSecondsPass_IsNoChange()
    {
        JobMirror mirror = Mirror();
        var stage = new StageOverview(Stages.ObserveOriginal, 1, 2, "items", 3) { Seconds = 1 };
        JobOverview overview = Overview() with { Workers = [Worker("a", 1), Worker("b", 1)], Stages = [stage] };
        Assert.True(mirror.Absorb(overview));
        long known = mirror.Sequence;

        Assert.False(mirror.Absorb(overview with { Stages = [stage with { Seconds = 2 }] }));
        Assert.Equal(known, mirror.Sequence);
        Assert.True(mirror.Absorb(overview with { Stages = [stage with { Done = 2 }] }));
    }

    [Fact]
    public void PageThatMissedMuch_GetsItAllAtOnce()
    {
        JobMirror mirror = Mirror();
        long known = mirror.Sequence;
        mirror.Absorb(Overview() with { Items = [new ItemChange(0, ItemStatus.Done)], Workers = [Worker("a", 1)] });
        mirror.Absorb(Overview() with { Items = [new ItemChange(2, ItemStatus.Delayed)], Workers = [Worker("a", 1)], Cause = "because" });
        mirror.Absorb("nobody answers");

        using JsonDocument change = Read(mirror, known, out bool isWhole);

        Assert.False(isWhole);
        Assert.Equal([0, 5, 2, 2], change.RootElement.GetProperty("items").EnumerateArray().Select(value => value.GetInt32()));
        Assert.Equal("b", Assert.Single(change.RootElement.GetProperty("gone").EnumerateArray()).GetString());
        Assert.Equal("because", change.RootElement.GetProperty("cause").GetString());
        Assert.Equal("nobody answers", change.RootElement.GetProperty("trouble").GetString());
    }

    [Fact]
    public void AnotherOwner_StartsPagesAnew()
    {
        JobMirror mirror = Mirror();
        long known = mirror.Sequence;
        mirror.Absorb(Overview() with { Owner = "another", Notices = [new NoticeOverview(1, NoticeKind.Loss, 2, "second")] });

        using JsonDocument whole = Read(mirror, known, out bool isWhole);

        Assert.True(isWhole);
        Assert.Equal("second", Assert.Single(whole.RootElement.GetProperty("notices").EnumerateArray()).GetProperty("text").GetString());
    }

    [Fact]
    public void PageThatKnowsMore_GetsEverything()
    {
        JobMirror mirror = Mirror();

        mirror.Write(mirror.Sequence + 7, out bool isWhole);

        Assert.True(isWhole);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("abc")]
    [InlineData("-3")]
    [InlineData("abc-")]
    [InlineData("abc--3")]
    [InlineData("abc-999999999999999999999")]
    public void PositionOfAnyText_IsNoneOrOne(string? text) => Assert.True(FeedPosition.Parse(text) is { Sequence: 0 } or { Epoch: "abc-" });

    [Fact]
    public void Position_IsReadAsItWasWritten()
    {
        FeedPosition position = new("0af3", 12);

        Assert.Equal(position, FeedPosition.Parse(position.ToString()));
    }

    private static JobMirror Mirror()
    {
        var mirror = new JobMirror(3);
        mirror.Absorb(Overview() with { Items = [new ItemChange(0, ItemStatus.Running), new ItemChange(1, ItemStatus.Done), new ItemChange(2, ItemStatus.Running)] });
        return mirror;
    }

    private static JobOverview Overview() => new()
    {
        Job = "0123456789abcdef",
        Status = JobStatus.Running,
        Owner = "owner",
        Workers = [Worker("a", 1), Worker("b", 1)],
        Notices = [new NoticeOverview(1, NoticeKind.Retry, 1, "first")],
    };

    private static WorkerOverview Worker(string name, int done) => new(name, "cpu", 0, 1, done, 10, "tokens", 1, 0);

    private static JsonDocument Read(JobMirror mirror, long after, out bool isWhole) => JsonDocument.Parse(Encoding.UTF8.GetString(mirror.Write(after, out isWhole)));
}
