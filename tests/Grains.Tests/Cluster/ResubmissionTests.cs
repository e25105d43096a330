using MambaQuant.Grains.Contracts;
using MambaQuant.Grains.Jobs;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Grains.Tests.Cluster;

/// <summary>A job that has ended is submitted again, and everybody dies in between; or somebody is quicker than the store.</summary>
[Collection(OneClusterAtATime.Name)]
public sealed class ResubmissionTests : IAsyncLifetime, IDisposable
{
    private const int MostDeaths = 5, DeathsWithWork = 3;

    private readonly SmallJob _small = new();
    private readonly WatchedStore _store = new(new MemoryArtifactStore());
    private SmallCluster _cluster = null!;
    private int _writes;
    private bool _hasFailed;

    public async Task InitializeAsync() => _cluster = await SmallCluster.StartAsync(silos: 1, slots: 2, store: _store);

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    public void Dispose() => _small.Dispose();

    [Theory]
    [InlineData(true, false)] // everything is done, so that the writes of the resubmission are all that there are; the store has not got the write
    [InlineData(true, true)] // the store has got it, and whoever wrote never heard of it
    [InlineData(false, false)] // a job with work to do
    [InlineData(false, true)]
    public async Task Resubmission_SurvivesTheDeathOfAllAtEveryWrite(bool isDone, bool isWritten)
    {
        WorkPlan plan = await _small.PutAsync(_store, grid: new PlanOptions { Blocks = 1, Shards = 1 });
        await EndedAsync(plan, isDone);
        int deaths = 0;
        for (bool wasReached = true; wasReached && deaths < (isDone ? MostDeaths : DeathsWithWork); deaths += wasReached ? 1 : 0)
        {
            int death = deaths + 1;
            if (!isDone)
            {
                plan = await _small.PutAsync(_store, seed: (ulong)(death + 1), grid: new PlanOptions { Blocks = 1, Shards = 1 }, order: death);
                await EndedAsync(plan, isDone);
            }

            int round = (await StoredRounds.FindAsync(_store, plan.Id, default)).Round + 1;
            FailFrom(plan, death, isWritten);
            bool isAccepted = await SubmitAsync(plan);
            await UntilAsync(async () => _hasFailed || (isAccepted && (await StoredRounds.FindAsync(_store, plan.Id, default)).HasEnded));
            wasReached = _hasFailed;
            await DieAsync(plan);

            bool isAsked = (await StoredRounds.FindAsync(_store, plan.Id, default)).Round == round;
            Assert.True(isAsked || !isAccepted, $"write {death}: an accepted job is forgotten");
            if (!isAsked)
            {
                Assert.Equal((1, false), (death, isWritten));
                Assert.True(await SubmitAsync(plan));
            }

            // Nobody says a word of the job: whoever looks after the directory is enough.
            await _cluster.Directory.EnsureAsync();
            await UntilAsync(async () => (await StoredRounds.FindAsync(_store, plan.Id, default)).HasEnded, () => $"write {death}: the job does not end");
            Assert.Equal((round, JobPhase.Finished), await StoredRounds.ReadEndingAsync(_store, plan.Id, default) is { } ending ? (ending.Round, ending.Phase) : default);
        }

        Assert.InRange(deaths, 3, isDone ? MostDeaths - 1 : DeathsWithWork); // the wish, the journal, the ending
    }

    [Fact]
    public async Task WhoeverSeesTheEnd_MaySubmitAtOnce_HoweverSlowTheStoreIs()
    {
        WorkPlan plan = await _small.PutAsync(_store);
        _store.BeforePut = (name, cancellation) =>
            name.EndsWith(".ended", StringComparison.Ordinal) ? Task.Delay(TimeSpan.FromSeconds(1.5), cancellation)
            : name.EndsWith("/receipt", StringComparison.Ordinal) ? Task.Delay(300, cancellation)
            : Task.CompletedTask;
        await _cluster.SubmitAsync(plan.Id);
        await UntilAsync(async () => (await _cluster.Job(plan.Id).ViewAsync(0, 0)).Phase == JobPhase.Running);

        Task<JobPhase> cancelling = _cluster.Job(plan.Id).CancelAsync("enough");
        await UntilAsync(async () => (await _cluster.Job(plan.Id).ViewAsync(0, 0)).HasEnded);
        await _cluster.SubmitAsync(plan.Id);
        await cancelling;

        JobView view = await _cluster.WatchAsync(plan.Id);
        Assert.True(view.Phase == JobPhase.Finished, SmallCluster.Tell(view));
    }

    [Fact]
    public async Task Cancel_OfAJobThatIsJustGoingOn_IsHeard()
    {
        WorkPlan plan = await _small.PutAsync(_store);
        await CancelledAsync(plan);
        _store.BeforePut = (name, cancellation) =>
            name.Contains($"jobs/{plan.Id}/journal/", StringComparison.Ordinal) ? Task.Delay(200, cancellation)
            : name.EndsWith("/receipt", StringComparison.Ordinal) ? Task.Delay(1000, cancellation)
            : Task.CompletedTask;

        await _cluster.SubmitAsync(plan.Id);
        Assert.Equal(JobPhase.Cancelled, await _cluster.Job(plan.Id).CancelAsync("a second time"));

        JobEnding? ending = await StoredRounds.ReadEndingAsync(_store, plan.Id, default);
        Assert.Equal((JobPhase.Cancelled, "a second time", 1), (ending!.Phase, ending.Cause, ending.Round));
    }

    [Fact]
    public async Task Cancel_OfAJobThatCannotBeOpened_IsNotAnsweredWithSuccess()
    {
        WorkPlan plan = await _small.PutAsync(_store);
        _store.BeforePut = (name, _) => name.StartsWith("jobs/", StringComparison.Ordinal) ? throw new ArtifactStoreException("no answer") : Task.CompletedTask;

        await Assert.ThrowsAnyAsync<TimeoutException>(() => _cluster.Job(plan.Id).CancelAsync("enough"));

        _store.BeforePut = null;
    }

    [Fact]
    public async Task SubmissionThatIsRepeatedAfterItsAnswerWasLost_AsksForNoFurtherRound()
    {
        WorkPlan plan = await _small.PutAsync(_store);
        await CancelledAsync(plan);
        var request = new SubmitRequest { Job = plan.Id, Store = _store.Description, Round = 1 };
        Assert.True((await _cluster.Directory.SubmitAsync(request)).IsAccepted);
        Assert.Equal(JobPhase.Cancelled, await _cluster.Job(plan.Id).CancelAsync("enough of the second round"));

        Assert.True((await _cluster.Directory.SubmitAsync(request)).IsAccepted);
        Assert.Equal(new JobRound(1, HasEnded: true), await StoredRounds.FindAsync(_store, plan.Id, default));

        Assert.True((await _cluster.Directory.SubmitAsync(request with { Round = 2 })).IsAccepted);
        Assert.Equal(JobPhase.Finished, (await _cluster.WatchAsync(plan.Id)).Phase);
        await UntilAsync(async () => await StoredRounds.FindAsync(_store, plan.Id, default) == new JobRound(2, HasEnded: true));
    }

    [Fact]
    public async Task DamagedEnding_IsWrittenAgainFromTheJournal()
    {
        var memory = (MemoryArtifactStore)_store.Inner;
        WorkPlan plan = await _small.PutAsync(_store);
        await CancelledAsync(plan);

        // Before it dies: the directory may start it at once.
        memory.Damage(StoredRounds.NameOfEnding(plan.Id, 0), 5);
        await DieAsync(plan);

        await _cluster.Directory.EnsureAsync();
        JobView view = await _cluster.WatchAsync(plan.Id);

        Assert.Equal((JobPhase.Cancelled, "enough"), (view.Phase, view.Cause));

        // The view tells what the journal says, a moment before the ending is written.
        await UntilAsync(async () => await StoredRounds.ReadEndingAsync(_store, plan.Id, default) is not null);
    }

    private async Task EndedAsync(WorkPlan plan, bool isDone)
    {
        if (!isDone)
        {
            await CancelledAsync(plan);
            return;
        }

        await _cluster.SubmitAsync(plan.Id);
        Assert.Equal(JobPhase.Finished, (await _cluster.WatchAsync(plan.Id)).Phase);
    }

    private async Task CancelledAsync(WorkPlan plan)
    {
        Assert.Equal(JobPhase.Cancelled, await _cluster.Job(plan.Id).CancelAsync("enough"));
        Assert.Equal(new JobRound(0, HasEnded: true), await StoredRounds.FindAsync(_store, plan.Id, default));
    }

    /// <summary>From the n-th write on, nothing that directory and job grain write of a job reaches the store.</summary>
    private void FailFrom(WorkPlan plan, int death, bool isWritten)
    {
        (_writes, _hasFailed) = (0, false);
        string ofJob = StoredPlans.PrefixOf(plan.Id);
        _store.BeforePut = (name, _) =>
        {
            if (!name.StartsWith(ofJob, StringComparison.Ordinal))
            {
                return Task.CompletedTask;
            }

            int write = Interlocked.Increment(ref _writes);
            return write < death || (write == death && isWritten) ? Task.CompletedTask : Fail();
        };
        _store.AfterPut = name =>
        {
            if (isWritten && name.StartsWith(ofJob, StringComparison.Ordinal) && Volatile.Read(ref _writes) >= death)
            {
                Fail();
            }
        };
    }

    private Task Fail()
    {
        _hasFailed = true;
        throw new ArtifactStoreException("the process is dead");
    }

    private async Task<bool> SubmitAsync(WorkPlan plan) =>
        (await _cluster.Directory.SubmitAsync(new SubmitRequest { Job = plan.Id, Store = _store.Description })).IsAccepted;

    /// <summary>Every activation vanishes, and with it what it knew.</summary>
    private async Task DieAsync(WorkPlan plan)
    {
        await _cluster.Cluster.DeactivateAsync(_cluster.Job(plan.Id).GetGrainId());
        await _cluster.Cluster.DeactivateAsync(_cluster.Directory.GetGrainId());
        (_store.BeforePut, _store.AfterPut) = (null, null);
    }

    private static async Task UntilAsync(Func<Task<bool>> isMet, Func<string>? tell = null)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await isMet())
        {
            Assert.False(patience.IsCancellationRequested, tell?.Invoke());
            await Task.Delay(20);
        }
    }
}
