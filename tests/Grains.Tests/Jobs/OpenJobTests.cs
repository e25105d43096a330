using MambaQuant.Grains.Contracts;
using MambaQuant.Grains.Hosting;
using MambaQuant.Grains.Jobs;
using MambaQuant.Grains.Tests.Cluster;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Local;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Grains.Tests.Jobs;

/// <summary>A job that is opened and left, without a cluster around it.</summary>
public sealed class OpenJobTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly SmallJob _small = new();
    private readonly CpuBackends _backends = new(1);
    private readonly WatchedStore _store = new(new MemoryArtifactStore());

    public void Dispose()
    {
        _backends.Dispose();
        _small.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task JobThatCannotBeBegun_LeavesNoPumpBehind()
    {
        WorkPlan plan = await _small.PutAsync(_store);
        OpenJob? left = null;
        _store.BeforePut = (name, _) => name.Contains("/journal/", StringComparison.Ordinal) ? throw new InvalidOperationException("broken") : Task.CompletedTask;

        await Assert.ThrowsAnyAsync<Exception>(() => OpenAsync(plan, 0, "first", opened => left = opened));

        Assert.True(left!.IsClosed);
        Assert.True(left.Pump.IsCompleted);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => left.Conductor.CancelAsync("nobody is there"));

        // Nothing of it is in the way of the next one.
        _store.BeforePut = null;
        using OpenJob next = await OpenAsync(plan, 0, "second");
        Assert.Equal(JobStatus.Running, next.Conductor.State.Status);
        await next.CloseAsync();
    }

    [Fact]
    public async Task JobThatEnded_GoesOnInTheNextRound_WithoutTheSlotsThatWereSentAway()
    {
        WorkPlan plan = await _small.PutAsync(_store);
        using OpenJob first = await OpenAsync(plan, 0, "first");
        SlotReply joined = await first.Conductor.JoinAsync(SlotOf(plan));
        Assert.NotNull(joined.Held);
        await first.Conductor.CancelAsync("enough");
        await first.CloseAsync();

        using OpenJob same = await OpenAsync(plan, 0, "second");
        Assert.Equal((JobStatus.Cancelled, 0), (same.Conductor.State.Status, same.Conductor.State.Round!.Value));
        await same.CloseAsync();

        using OpenJob again = await OpenAsync(plan, 1, "third");
        Assert.Equal((JobStatus.Running, 1), (again.Conductor.State.Status, again.Conductor.State.Round!.Value));
        Assert.Empty(again.Conductor.State.PresentWorkers);
        Assert.Empty(again.Conductor.State.Leases);
        await again.Conductor.CancelAsync("enough");
        await again.CloseAsync();

        // The journal knows the round: the wish for it is not granted twice.
        using OpenJob late = await OpenAsync(plan, 1, "fourth");
        Assert.Equal(JobStatus.Cancelled, late.Conductor.State.Status);
        await late.CloseAsync();
    }

    [Fact]
    public async Task JournalOfWhichAListingLeavesAChunkOut_StaysAsItIs()
    {
        WorkPlan plan = await _small.PutAsync(_store);
        using OpenJob first = await OpenAsync(plan, 0, "first");
        await first.Conductor.JoinAsync(SlotOf(plan));
        await first.Conductor.CancelAsync("enough");
        await first.CloseAsync();
        string[] names = [.. ((MemoryArtifactStore)_store.Inner).Names];

        foreach (int lost in (int[])[1, 2])
        {
            _store.LeavesOut = name => name == Journal.ChunkName(plan.Id, lost);
            using OpenJob next = await OpenAsync(plan, 0, $"behind {lost}");
            Assert.Equal(JobStatus.Cancelled, next.Conductor.State.Status);
            Assert.Empty(Damages(next));
            await next.CloseAsync();
        }

        Assert.Equal(names, ((MemoryArtifactStore)_store.Inner).Names);
    }

    [Fact]
    public async Task JournalThatCannotBeRead_BeginsAnewBehindItsEnd_AndShutsOutWhoStillWritesTheOldOne()
    {
        WorkPlan plan = await _small.PutAsync(_store);
        using OpenJob first = await OpenAsync(plan, 0, "first");
        await first.Conductor.JoinAsync(SlotOf(plan));
        int old = (int)first.Conductor.Version;
        ((MemoryArtifactStore)_store.Inner).Damage(Journal.ChunkName(plan.Id, 2), 3);

        using OpenJob second = await OpenAsync(plan, 0, "second");
        Assert.Contains("cannot be read, and begins anew", Assert.Single(Damages(second)), StringComparison.Ordinal);
        Task unheard = first.Conductor.CancelAsync("the first still drives it");
        await Assert.ThrowsAsync<StaleOwnerException>(() => first.Pump);
        first.Close();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => unheard);
        Assert.Equal(JobStatus.Running, second.Conductor.State.Status);
        Assert.Empty(second.Conductor.State.PresentWorkers);
        await second.Conductor.JoinAsync(SlotOf(plan));
        await second.CloseAsync();

        // A third one, and whoever reads all of it, knows the new journal alone.
        using OpenJob third = await OpenAsync(plan, 0, "third");
        Assert.Empty(Damages(third));
        Assert.Equal("s/cpu-0/1", Assert.Single(third.Conductor.State.PresentWorkers));
        JournalReplay replay = await Journal.ReplayAsync(_store, plan.Id, plan.Graph, CancellationToken.None);
        Assert.Equal(third.Conductor.State.Describe(), replay.State.Describe());
        Assert.Equal((int)third.Conductor.Version, replay.Chunks);
        Assert.True(replay.Chunks > old);
        await third.CloseAsync();
    }

    [Fact]
    public async Task JobThatEndedBeforeItCameToACluster_GoesOn()
    {
        WorkPlan plan = await _small.PutAsync(_store);
        JournaledScheduler embedded = await JournaledScheduler.OpenAsync(_store, plan.Id, plan.Graph, "an engine of one process", default);
        await embedded.StepAsync([new JobSubmitted(0, plan.Id, plan.Request.Profile, new SchedulerOptions(), []) { Graph = plan.Graph }], default);
        await embedded.StepAsync([new Cancel(1, "Ctrl-C")], default);

        using OpenJob job = await OpenAsync(plan, 0, "a silo");

        Assert.Equal((JobStatus.Running, 0), (job.Conductor.State.Status, job.Conductor.State.Round!.Value));
        await job.CloseAsync();
    }

    [Fact]
    public async Task JobThatIsTakenOver_IsScheduledAsItsNewOwnerSchedules()
    {
        WorkPlan plan = await _small.PutAsync(_store);
        JournaledScheduler before = await JournaledScheduler.OpenAsync(_store, plan.Id, plan.Graph, "an engine that was killed", default);
        var patient = new SchedulerOptions { Lease = TimeSpan.FromMinutes(10) };
        await before.StepAsync([new JobSubmitted(0, plan.Id, plan.Request.Profile, patient, []) { Graph = plan.Graph }], default);

        using OpenJob job = await OpenAsync(plan, 0, "a silo");

        Assert.Equal(new MambaQuantSiloOptions { Store = _store, Backends = _backends, ScratchPath = "" }.Scheduling, job.Conductor.State.Options);
        await job.CloseAsync();
    }

    [Fact]
    public async Task ProgressOfAnAttemptThatWasTakenAway_IsNotShown()
    {
        WorkPlan plan = await _small.PutAsync(_store);
        using OpenJob job = await OpenAsync(plan, 0, "a silo");
        HeldLease held = (await job.Conductor.JoinAsync(SlotOf(plan))).Held!.Value;
        string slot = SlotOf(plan).Slot;

        await job.Conductor.RenewAsync(slot, [new LeaseProgress { Item = held.Item, Attempt = held.Attempt + 1, Done = 5, Total = 10, Unit = "tokens" }], asks: false);
        Assert.All(View().Workers, worker => Assert.Equal(0, worker.Done));

        await job.Conductor.RenewAsync(slot, [new LeaseProgress { Item = held.Item, Attempt = held.Attempt, Done = 5, Total = 10, Unit = "tokens" }], asks: false);
        Assert.Equal(5, Assert.Single(View().Workers).Done);
        await job.CloseAsync();

        JobOverview View() => job.Board.View(job.Conductor.State, job.Owner, string.Empty, 0);
    }

    private static IEnumerable<string> Damages(OpenJob job) =>
        job.Board.View(job.Conductor.State, job.Owner, string.Empty, 0).Notices.Where(notice => notice.Kind == NoticeKind.Damage).Select(notice => notice.Text);

    private static SlotDescription SlotOf(WorkPlan plan) => new() { Slot = "s/cpu-0/1", Profile = plan.Request.Profile, MemoryBytes = long.MaxValue, Device = "" };

    private Task<OpenJob> OpenAsync(WorkPlan plan, int round, string owner, Action<OpenJob>? hear = null) => OpenJob.OpenAsync(
        plan.Id,
        round,
        owner,
        new MambaQuantSiloOptions { Store = _store, Backends = _backends, ScratchPath = _folder.File("scratch") },
        _ => false,
        TimeProvider.System,
        opened =>
        {
            hear?.Invoke(opened);
            return PumpAsync(opened);
        },
        CancellationToken.None);

    private static async Task PumpAsync(OpenJob job)
    {
        try
        {
            while (!job.IsClosed)
            {
                await job.Conductor.NextAsync(job.Closing);
            }
        }
        catch (Exception fault) when (job.IsClosed || fault is InvalidOperationException)
        {
            job.Conductor.Close();
        }
    }
}
