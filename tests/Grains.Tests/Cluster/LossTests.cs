using MambaQuant.Grains.Contracts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Testing;
using Orleans.TestingHost;
using Xunit;

namespace MambaQuant.Grains.Tests.Cluster;

/// <summary>What goes wrong while jobs run: silos that stop or die, activations that vanish, owners that lost their job.</summary>
[Collection(OneClusterAtATime.Name)]
public sealed class LossTests : IAsyncLifetime, IDisposable
{
    private readonly SmallJob _small = new();
    private readonly WatchedStore _store = new(new MemoryArtifactStore());
    private SmallCluster _cluster = null!;
    private WorkPlan _plan = null!;

    public async Task InitializeAsync()
    {
        _cluster = await SmallCluster.StartAsync(silos: 3, store: _store);
        _plan = await _small.PutAsync(_store);

        // Items take a while, so that something can happen meanwhile; still they stop where they are told to.
        _store.BeforePut = (name, cancellation) => name.EndsWith("/receipt", StringComparison.Ordinal) ? Task.Delay(150, cancellation) : Task.CompletedTask;
    }

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    public void Dispose() => _small.Dispose();

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Silo_ThatGoesWhileItWorks_LosesNothing(bool holdsTheJob, bool gracefully)
    {
        await _cluster.SubmitAsync(_plan.Id);
        JobView view = await WaitAsync(view => view.Made >= 2 && view.Slots.Count(slot => slot.Item is not null) >= 2);
        InProcessSiloHandle silo = _cluster.Cluster.Silos.First(silo => (silo.Name == view.Owner.Split(' ')[0]) == holdsTheJob);

        await (gracefully ? _cluster.Cluster.StopSiloAsync(silo) : _cluster.Cluster.KillSiloAsync(silo));

        await EndsWellAsync();
    }

    [Fact]
    public async Task Activations_ThatVanish_ComeBackFromTheJournal()
    {
        await _cluster.SubmitAsync(_plan.Id);
        JobView before = await WaitAsync(view => view.Made >= 2);

        await _cluster.Cluster.DeactivateAsync(_cluster.Directory.GetGrainId());
        await _cluster.Cluster.DeactivateAsync(_cluster.Job(_plan.Id).GetGrainId());

        JobView view = await EndsWellAsync();
        Assert.NotEqual(before.Owner, view.Owner);
        Assert.True(view.Version > before.Version, "versions grow over all owners");
    }

    [Fact]
    public async Task Owner_ThatLostItsJobStepsDown()
    {
        await _cluster.SubmitAsync(_plan.Id);
        JobView before = await WaitAsync(view => view.Made >= 2);

        JournaledScheduler other = await JournaledScheduler.OpenAsync(_store, _plan.Id, _plan.Graph, "somebody else", CancellationToken.None);
        await other.StepAsync([new JobAdopted(0, "somebody else")], CancellationToken.None);

        JobView view = await EndsWellAsync();
        Assert.NotEqual(before.Owner, view.Owner);
    }

    [Fact]
    public async Task SiloThatJoinsLate_GetsWork()
    {
        _store.BeforePut = (name, cancellation) => name.EndsWith("/receipt", StringComparison.Ordinal) ? Task.Delay(1000, cancellation) : Task.CompletedTask;
        await _cluster.SubmitAsync(_plan.Id);
        await WaitAsync(view => view.Made >= 1);

        InProcessSiloHandle late = await _cluster.Cluster.StartAdditionalSiloAsync();

        await WaitAsync(view => view.Slots.Any(slot => slot.Slot.StartsWith(late.Name + "/", StringComparison.Ordinal)));
        JobView view = await EndsWellAsync();
        Assert.Contains(view.Slots, slot => slot.Slot.StartsWith(late.Name + "/", StringComparison.Ordinal));
    }

    private async Task<JobView> WaitAsync(Func<JobView, bool> isMet)
    {
        JobView view = await _cluster.Job(_plan.Id).ViewAsync(0, 0);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!isMet(view) && !patience.IsCancellationRequested)
        {
            view = await _cluster.Job(_plan.Id).ViewAsync(view.Version, 1000);
        }

        Assert.True(isMet(view), SmallCluster.Tell(view));
        return view;
    }

    private async Task<JobView> EndsWellAsync()
    {
        JobView view = await _cluster.WatchAsync(_plan.Id);
        Assert.True(view.Phase == JobPhase.Finished, SmallCluster.Tell(view));
        await _cluster.AssertBytesAsync(_plan, _small.ExpectedFiles());
        JournalAudit audit = await JournalAudit.ReadAsync(_store, _plan);
        audit.AssertSound();
        Assert.Equal(audit.Repeated, view.Repeated);
        return view;
    }
}
