using MambaQuant.Dashboard.Watching;
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
        using var feed = new JobFeed(source, job.Plan, "epoch", new StoredPictures(source), TimeProvider.System);
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
}
