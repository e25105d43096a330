using MambaQuant.Grains.Contracts;
using MambaQuant.Grains.Workers;
using Xunit;

namespace MambaQuant.Grains.Tests.Workers;

public sealed class SlotWorkTests
{
    private static readonly HeldLease First = new(1, 1), Second = new(2, 1);

    private readonly List<Assignment> _run = [];
    private readonly SlotWork _work;

    public SlotWorkTests()
    {
        _work = new SlotWork(_run.Add);
        _work.Join("job");
    }

    [Fact]
    public void Word_HeardTwiceBeginsOnce()
    {
        _work.Start("job", First, 5);
        _work.Start("job", First, 5);
        _work.Take("job", Reply(First, 5), 0);

        Assert.Equal([First], _run.Select(item => item.Lease));
    }

    [Fact]
    public void Word_ThatIsOlderThanWhatIsKnownCountsForNothing()
    {
        _work.Start("job", First, 5);
        _work.Take("job", Reply(null, 4), 0);
        _work.Start("job", Second, 3);

        Assert.Equal([First], _run.Select(item => item.Lease));
        Assert.False(_run[0].Abandon.IsCancellationRequested);
    }

    [Fact]
    public void Job_ThatDoesNotKnowTheSlotAnyMoreCountsAnew()
    {
        _work.Start("job", First, 500);
        _work.Take("job", Reply(null, 0) with { Standing = SlotStanding.Stranger }, 0);
        Assert.True(_run[0].Abandon.IsCancellationRequested);

        _work.Take("job", Reply(First, 1), 0);

        Assert.Equal([First, First], _run.Select(item => item.Lease));
        Assert.False(_run[1].Abandon.IsCancellationRequested);
    }

    [Fact]
    public void Word_OfAnotherJobCountsForNothing()
    {
        _work.Start("other", First, 5);
        _work.Take("other", Reply(First, 5), 0);

        Assert.Empty(_run);
    }

    [Fact]
    public void Lease_ThatTheJobDoesNotNameAnyMoreIsAbandoned()
    {
        _work.Start("job", First, 5);
        _work.Take("job", Reply(Second, 6), 0);

        Assert.True(_run[0].Abandon.IsCancellationRequested);
        Assert.Equal([First, Second], _run.Select(item => item.Lease));
    }

    [Fact]
    public void Attempt_ThatHasEndedIsNotBegunAgain()
    {
        End(First, 5);

        _work.Take("job", Reply(First, 5), 0);

        Assert.Single(_run);
        Assert.Equal(ReportKind.Completed, Assert.Single(_work.Reports).Kind);
    }

    [Fact]
    public void Attempt_WhoseReportWasLostIsGivenBack()
    {
        End(First, 5);
        _work.Take("job", Reply(null, 6), told: 1);

        _work.Take("job", Reply(First, 7), 0);

        Assert.Single(_run);
        Assert.Equal(ReportKind.Released, Assert.Single(_work.Reports).Kind);
    }

    [Fact]
    public void Reports_StayUntilTheyAreAnswered()
    {
        End(First, 5);
        _work.Take("job", new SlotReply { Standing = SlotStanding.NotYet }, told: 1);
        Assert.Single(_work.Reports);

        _work.Take("job", Reply(null, 6), told: 1);
        Assert.Empty(_work.Reports);
    }

    [Fact]
    public void Job_IsLeftOnlyWithNothingToDoOrToTell()
    {
        _work.Start("job", First, 5);
        Assert.False(_work.TryLeave("job"));
        _work.End(_run[0], Report(First));
        Assert.False(_work.TryLeave("job"));
        _work.Take("job", Reply(null, 6), told: 1);

        Assert.True(_work.TryLeave("job"));
        Assert.Null(_work.Job);
    }

    [Fact]
    public void Job_ThatHasEndedLeavesNothing()
    {
        _work.Start("job", First, 5);

        _work.Take("job", new SlotReply { Standing = SlotStanding.Ended, Version = 1 }, 0);

        Assert.True(_run[0].Abandon.IsCancellationRequested);
        Assert.Null(_work.Job);
        _work.End(_run[0], Report(First));
        Assert.Empty(_work.Reports);
    }

    [Fact]
    public void Stop_EndsWhereSomethingIsKept_AndAsksForNothingMore()
    {
        _work.Start("job", First, 5);
        _work.Stop(keep: true);
        _work.Start("job", Second, 6);
        _work.End(_run[0], Report(First));

        Assert.True(_run[0].Stop.IsCancellationRequested);
        Assert.False(_run[0].Abandon.IsCancellationRequested);
        Assert.Single(_run);
        Assert.False(Assert.Single(_work.Reports).Asks);
    }

    private void End(HeldLease lease, long version)
    {
        _work.Start("job", lease, version);
        _work.End(_run[^1], Report(lease));
    }

    private static WorkReport Report(HeldLease lease) =>
        new() { Item = lease.Item, Attempt = lease.Attempt, Kind = ReportKind.Completed, Checksum = "sum", Asks = true };

    private static SlotReply Reply(HeldLease? held, long version) => new() { Standing = SlotStanding.Member, Held = held, Version = version };
}
