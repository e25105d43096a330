using MambaQuant.Dashboard.Watching;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Dashboard.Tests.Watching;

public sealed class JobFeedTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task NumbersThatPagesMakeUp_GetTheWhole_AndKeepNothing()
    {
        var source = new MadeUpSource();
        MadeUpJob job = source.Add(MadeUpPlan.Of());
        using var feed = new JobFeed(source, job.Plan, "epoch", new StoredPictures(source, TimeProvider.System), TimeProvider.System);
        feed.Join();
        FeedPayload whole = (await feed.NextAsync(FeedPosition.Start, Long, CancellationToken.None))!;
        for (long number = 1; number <= 200; number++)
        {
            FeedPayload made = (await feed.NextAsync(whole.Position with { Sequence = whole.Position.Sequence + number }, Long, CancellationToken.None))!;
            Assert.Equal("job", made.Event);
        }

        Assert.Equal(1, feed.Payloads);
        feed.Leave();
    }

    [Fact]
    public async Task Event_GoesOutAtOnce_AndTheOneBehindItAfterThePause()
    {
        var source = new MadeUpSource { IsPatient = true };
        MadeUpJob job = source.Add(MadeUpPlan.Of());
        var clock = new ManualClock();
        using var feed = new JobFeed(source, job.Plan, "epoch", new StoredPictures(source, clock), clock);
        feed.Join();
        FeedPosition known = (await NextAsync(feed, FeedPosition.Start))!.Position;
        await UntilAsync(() => clock.Timers == 1);
        clock.Advance(JobFeed.Pause.TotalSeconds);
        await UntilAsync(() => source.Asked == 2);

        // The clock stands still: nothing but the event itself lets it out.
        job.Say(NoticeKind.Remark, "first");
        known = (await NextAsync(feed, known))!.Position;

        job.Say(NoticeKind.Remark, "second");
        Task<FeedPayload?> second = NextAsync(feed, known);
        await UntilAsync(() => clock.Timers == 1);
        clock.Advance(JobFeed.Pause.TotalSeconds - 0.001);
        Assert.Equal(1, clock.Timers);
        Assert.Equal(2, source.Asked);
        Assert.False(second.IsCompleted);

        clock.Advance(0.001);
        Assert.Contains("second", System.Text.Encoding.UTF8.GetString((await second)!.Json.Span), StringComparison.Ordinal);
        feed.Leave();
    }

    private static Task<FeedPayload?> NextAsync(JobFeed feed, FeedPosition position) =>
        feed.NextAsync(position, Timeout.InfiniteTimeSpan, CancellationToken.None).WaitAsync(Long);

    private static async Task UntilAsync(Func<bool> isSo)
    {
        using var patience = new CancellationTokenSource(Long);
        while (!isSo())
        {
            await Task.Delay(5, patience.Token);
        }
    }
}
