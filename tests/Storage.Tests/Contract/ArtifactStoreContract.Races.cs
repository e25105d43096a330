using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Storage.Tests.Running;
using Xunit;

namespace MambaQuant.Storage.Tests.Contract;

/// <content>Many tasks at once.</content>
public abstract partial class ArtifactStoreContract
{
    [StoreFact]
    public async Task Race_OfManyTasks_HasOneWinnerWhoseBytesStay()
    {
        const int Racers = 16;
        for (int round = 0; round < 5; round++)
        {
            string name = $"race/{round}";
            using var start = new Barrier(Racers);

            PutOutcome[] outcomes = await Task.WhenAll(Enumerable.Range(0, Racers).Select(racer => Task.Factory.StartNew(
                () =>
                {
                    start.SignalAndWait();
                    return Put(name, PatternContent.Bytes((ulong)racer, 100_000 + racer));
                },
                TaskCreationOptions.LongRunning).Unwrap()));

            PutOutcome winner = Assert.Single(outcomes, outcome => outcome.Written);
            Assert.All(outcomes, outcome => Assert.Equal(winner.Stored, outcome.Stored));
            Assert.Equal(Racers, outcomes.Select(outcome => outcome.Offered).Distinct().Count());
            Assert.Equal(winner.Stored.Checksum, Checksum(await ReadAll(name)));
        }
    }

    [StoreFact]
    public async Task ManyTasksOnManyNames_AllSucceed()
    {
        await Task.WhenAll(Enumerable.Range(0, 64).Select(index => Task.Run(async () =>
        {
            byte[] content = PatternContent.Bytes((ulong)index, 10_000 * index);
            await Put($"many/{index:D2}", content);
            Assert.Equal(content, await ReadAll($"many/{index:D2}"));
        })));

        Assert.Equal(64, (await List("many/")).Length);
    }

    [StoreFact]
    public async Task PutAndDeleteOfOneName_FromManyTasks_EndInOrder()
    {
        byte[] content = PatternContent.Bytes(13, 1000);
        int written = 0, deleted = 0;

        await Task.WhenAll(Enumerable.Range(0, 8).Select(task => Task.Run(async () =>
        {
            for (int round = 0; round < 20; round++)
            {
                if (task % 2 == 0)
                {
                    Interlocked.Add(ref written, (await Put("on/and/off", content)).Written ? 1 : 0);
                }
                else
                {
                    Interlocked.Add(ref deleted, await Store.DeleteAsync("on/and/off", None) ? 1 : 0);
                }
            }
        })));

        int left = (await List("")).Length;
        Assert.InRange(left, 0, 1);
        Assert.Equal(content, left == 1 ? await ReadAll("on/and/off") : content);
        Assert.True(written > 0);
        if (CountsDeletions)
        {
            Assert.Equal(written - deleted, left);
        }
    }
}
