using MambaQuant.Grains.Contracts;
using MambaQuant.Grains.Jobs;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Grains.Tests.Jobs;

public sealed class StoredRoundsTests
{
    private const string Job = "0123456789abcdef";

    private readonly MemoryArtifactStore _store = new();

    [Fact]
    public async Task Job_IsToBeRunUntilItsLastRoundEnds()
    {
        Assert.Equal(new JobRound(0, HasEnded: false), await FindAsync());

        await StoredRounds.PutEndingAsync(_store, Job, new JobEnding(JobPhase.Failed, "a fault", "one") { Fault = "IOException" }, default);
        Assert.Equal(new JobRound(0, HasEnded: true), await FindAsync());
        Assert.Equal(("a fault", "IOException", 0), await StoredRounds.ReadEndingAsync(_store, Job, default) is { } first ? (first.Cause, first.Fault, first.Round) : default);

        await StoredRounds.AskAsync(_store, Job, 1, default);
        await StoredRounds.AskAsync(_store, Job, 1, default);
        Assert.Equal(new JobRound(1, HasEnded: false), await FindAsync());
        Assert.Null(await StoredRounds.ReadEndingAsync(_store, Job, default));

        await StoredRounds.PutEndingAsync(_store, Job, new JobEnding(JobPhase.Finished, "", "two") { Round = 1 }, default);
        Assert.Equal(new JobRound(1, HasEnded: true), await FindAsync());
    }

    [Fact]
    public async Task OwnerThatLostItsJob_WritesOfItsOwnRoundAlone()
    {
        await StoredRounds.PutEndingAsync(_store, Job, new JobEnding(JobPhase.Failed, "a fault", "one"), default);
        await StoredRounds.AskAsync(_store, Job, 1, default);

        // It was asleep while all this happened.
        await StoredRounds.PutEndingAsync(_store, Job, new JobEnding(JobPhase.Failed, "a fault", "sleeper"), default);

        Assert.Equal(new JobRound(1, HasEnded: false), await FindAsync());
    }

    [Fact]
    public async Task DamagedEnding_TellsNothing_AndOtherNamesAreOfNoRound()
    {
        await StoredRounds.PutEndingAsync(_store, Job, new JobEnding(JobPhase.Failed, "a fault", "one"), default);
        _store.Damage(StoredRounds.NameOfEnding(Job, 0), 5);

        Assert.Null(await StoredRounds.ReadEndingAsync(_store, Job, default));
        Assert.All(["plan", "journal/00000001", "rounds/x.ended", "rounds/00000001.other", "rounds/.ended"], name => Assert.Null(StoredRounds.Parse(name)));
    }

    private Task<JobRound> FindAsync() => StoredRounds.FindAsync(_store, Job, default);
}
