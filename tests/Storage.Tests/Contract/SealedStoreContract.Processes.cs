using MambaQuant.Storage.Tests.Running;
using Xunit;

namespace MambaQuant.Storage.Tests.Contract;

/// <content>Several processes on one store.</content>
public abstract partial class SealedStoreContract
{
    /// <summary>The store, as another process opens it.</summary>
    private protected abstract string Location { get; }

    [StoreTheory]
    [InlineData(1000)]
    [InlineData(3_000_000)]
    public async Task Race_OfProcesses_HasOneWinnerWhoseBytesStay(int length)
    {
        const int Racers = 4;
        StoreProcess[] processes = await Task.WhenAll(Enumerable.Range(0, Racers).Select(racer => Task.Run(() => new StoreProcess("put", Location, "race", (ulong)racer, length))));
        foreach (StoreProcess process in processes)
        {
            process.Go();
        }

        string[][] outcomes = [.. processes.Select(process => process.ReadLine().Split(' '))];
        foreach (StoreProcess process in processes)
        {
            process.Dispose();
        }

        string[] winner = Assert.Single(outcomes, outcome => outcome[0] == "True");
        Assert.Equal(winner[1], winner[2]);
        Assert.All(outcomes, outcome => Assert.Equal(winner[1], outcome[1]));
        Assert.Equal(winner[1], Checksum(await ReadAll("race")));
    }

    [StoreFact]
    public async Task KilledWriter_LeavesNothingToBeSeen_AndNothingInTheWay()
    {
        const int Written = 2_000_000;
        using (var process = new StoreProcess("hang", Location, "half", 40, Written))
        {
            process.Go();
            process.Expect("written");
            process.Kill();
        }

        Assert.Null(await Store.HeadAsync("half", None));
        Assert.Empty(await List(""));
        byte[] content = PatternContent.Bytes(41, 500_000);
        Assert.True((await Put("half", content)).Written);
        Assert.Equal(content, await ReadAll("half"));
        Assert.True((await Put("other", [1])).Written);
    }
}
