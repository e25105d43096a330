using System.Collections.Concurrent;
using System.Collections.Immutable;
using MambaQuant.Grains.Contracts;
using MambaQuant.Grains.Jobs;
using MambaQuant.Pipeline.Inputs;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace MambaQuant.Grains.Tests.Cluster;

/// <summary>Several jobs at once, jobs that are stopped, jobs that fail, jobs that nobody can run, and who watches them.</summary>
[Collection(OneClusterAtATime.Name)]
public sealed class ManyJobsTests : IAsyncLifetime, IDisposable
{
    private const int Silos = 2, Slots = 2, MostOpenJobs = 2 * Silos * Slots;

    private readonly SmallJob _small = new();
    private readonly WatchedStore _store = new(new MemoryArtifactStore());
    private SmallCluster _cluster = null!;

    public async Task InitializeAsync() => _cluster = await SmallCluster.StartAsync(Silos, Slots, store: _store);

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    public void Dispose() => _small.Dispose();

    [Fact]
    public async Task Jobs_TwoAtOnce_BothMakeTheirBytes()
    {
        WorkPlan first = await _small.PutAsync(_store, seed: 1, order: 1), second = await _small.PutAsync(_store, seed: 2, order: 2);

        await _cluster.SubmitAsync(first.Id);
        await _cluster.SubmitAsync(second.Id);

        foreach ((WorkPlan plan, ulong seed) in ((WorkPlan, ulong)[])[(first, 1), (second, 2)])
        {
            JobView view = await _cluster.WatchAsync(plan.Id);
            Assert.True(view.Phase == JobPhase.Finished, SmallCluster.Tell(view));
            await _cluster.AssertBytesAsync(plan, _small.ExpectedFiles(seed));
        }
    }

    [Fact]
    public async Task Jobs_TwoHundredQueued_AllEndInTheirOrder()
    {
        var grid = new PlanOptions { Blocks = 1, Shards = 1 };
        var ended = new ConcurrentQueue<string>();
        _store.AfterPut = name =>
        {
            string job = name.Split('/')[1];
            if (name == StoredRounds.NameOfEnding(job, 0))
            {
                ended.Enqueue(job);
            }
        };
        List<WorkPlan> jobs = [];
        for (ulong seed = 1; seed <= 200; seed++)
        {
            jobs.Add(await _small.PutAsync(_store, seed, grid: grid, order: (long)seed));
            await _cluster.SubmitAsync(jobs[^1].Id);
        }

        ImmutableArray<JobSummary> list = await _cluster.Directory.ListAsync();
        Assert.Equal(jobs.Select(job => job.Id), list.Select(job => job.Job));
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(4));
        while (list.Any(job => job.Phase != JobPhase.Finished))
        {
            Assert.DoesNotContain(list, job => job.Phase is JobPhase.Failed or JobPhase.Cancelled);
            if (patience.IsCancellationRequested)
            {
                Assert.Fail(await TellAsync(list.Where(job => job.Phase != JobPhase.Finished)));
            }

            await Task.Delay(200);
            list = await _cluster.Directory.ListAsync();
        }

        // As many jobs are open at once as there are slots, twice; so none ends before more than those that were submitted before it.
        List<string> order = [.. jobs.Select(job => job.Id)];
        Assert.Equal(order.Order(), ended.Order());
        foreach (string job in ended)
        {
            Assert.True(order.IndexOf(job) < MostOpenJobs, $"job {job} ends before {order.IndexOf(job)} that were submitted before it");
            order.Remove(job);
        }

        foreach (WorkPlan job in jobs)
        {
            (await JournalAudit.ReadAsync(_store, job)).AssertSound();
        }

        foreach (int place in (int[])[0, 99, 199])
        {
            await _cluster.AssertBytesAsync(jobs[place], _small.ExpectedFiles((ulong)place + 1, grid: grid));
        }
    }

    [Fact]
    public async Task Job_ThatIsCancelled_StopsAndGoesOnWhenSubmittedAgain()
    {
        (WorkPlan plan, TaskCompletionSource gate) = await SubmitHeldAsync();
        await WaitForWorkAsync(plan.Id);

        Assert.Equal(JobPhase.Cancelled, await _cluster.Job(plan.Id).CancelAsync("enough"));
        gate.SetResult();

        JobView view = await _cluster.WatchAsync(plan.Id);
        Assert.Equal((JobPhase.Cancelled, "enough"), (view.Phase, view.Cause));
        Assert.Equal(JobPhase.Cancelled, await _cluster.Job(plan.Id).CancelAsync("again"));

        await _cluster.SubmitAsync(plan.Id);
        JobView again = await _cluster.WatchAsync(plan.Id);
        Assert.True(again.Phase == JobPhase.Finished, SmallCluster.Tell(again));
    }

    [Fact]
    public async Task Job_ThatWaitsInTheQueue_CanBeCancelled()
    {
        WorkPlan plan = await _small.PutAsync(_store);

        Assert.Equal(JobPhase.Queued, (await _cluster.Job(plan.Id).ViewAsync(0, 0)).Phase);
        Assert.Equal(JobPhase.Cancelled, await _cluster.Job(plan.Id).CancelAsync("changed my mind"));
    }

    [Fact]
    public async Task Job_ThatNobodySubmitted_DoesNotWaitForItsTurn()
    {
        WorkPlan plan = await _small.PutAsync(_store);
        await _store.DeleteAsync(StoredRequests.NameOf(plan.Id), default);

        JobView view = await _cluster.Job(plan.Id).ViewAsync(0, 0);

        Assert.Equal((JobPhase.Unknown, "it was planned here, and never submitted to a cluster"), (view.Phase, view.Cause));
    }

    [Fact]
    public async Task WatcherInASilo_IsAnsweredBeforeItsCallTimesOut_WhereNothingHappens()
    {
        (WorkPlan plan, TaskCompletionSource gate) = await SubmitHeldAsync();
        JobView view = await WaitForWorkAsync(plan.Id);
        IGrainFactory inSilo = _cluster.Cluster.Silos[0].ServiceProvider.GetRequiredService<IGrainFactory>();

        JobView same = await inSilo.GetGrain<ICalibrationJobGrain>(plan.Id).ViewAsync(view.Version + 1_000_000, 60_000);

        Assert.Equal(JobPhase.Running, same.Phase);
        gate.SetResult();
    }

    [Fact]
    public async Task Job_WhoseModelIsNotAsPlanned_FailsWithItsCause()
    {
        WorkPlan plan = await _small.PutAsync(_store);
        string file = Directory.GetFiles(_small.ModelPath, "*.safetensors")[0];
        byte[] bytes = await File.ReadAllBytesAsync(file);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(file, bytes);

        await _cluster.SubmitAsync(plan.Id);

        JobView view = await _cluster.WatchAsync(plan.Id);
        Assert.Equal(JobPhase.Failed, view.Phase);
        Assert.Contains("safetensors", view.Cause, StringComparison.Ordinal);
        Assert.Contains("has changed since the job was planned, or is another one on this machine", view.Cause, StringComparison.Ordinal);
        Assert.DoesNotContain(view.Notices, notice => notice.Text.Contains("tried again", StringComparison.Ordinal)); // nobody tries again what cannot come right
        JobSummary summary = await _cluster.SummaryAsync(plan.Id, job => job.Phase == JobPhase.Failed);
        Assert.Equal(view.Cause, summary.Cause);
    }

    [Fact]
    public async Task Job_ThatTheStoreDoesNotHave_IsRefused()
    {
        SubmitReply reply = await _cluster.Directory.SubmitAsync(new SubmitRequest { Job = "0123456789abcdef", Store = "another store" });

        Assert.False(reply.IsAccepted);
        Assert.Contains("another store", reply.Cause, StringComparison.Ordinal);
        Assert.Contains(_store.Description, reply.Cause, StringComparison.Ordinal);
        Assert.Equal(JobPhase.Unknown, (await _cluster.Job("0123456789abcdef").ViewAsync(0, 0)).Phase);
        Assert.Null(await _cluster.Directory.ShowAsync("0123456789abcdef"));
    }

    [Fact]
    public async Task Watcher_WhoComesLate_SeesTheWholeJob()
    {
        WorkPlan plan = await _small.PutAsync(_store);
        await _cluster.SubmitAsync(plan.Id);
        JobView end = await _cluster.WatchAsync(plan.Id);

        JobView late = await _cluster.Job(plan.Id).ViewAsync(end.Version, 10_000);

        Assert.Equal(JobPhase.Finished, late.Phase);
        Assert.All(late.Stages, stage => Assert.Equal(stage.Total, stage.Done));
        Assert.Equal(plan.Graph.Items.Length, late.Items.Sum(kind => kind.Done));

        await _cluster.Cluster.DeactivateAsync(_cluster.Job(plan.Id).GetGrainId());
        JobView closed = await _cluster.Job(plan.Id).ViewAsync(0, 0);
        Assert.Equal((JobPhase.Finished, end.Made, end.Reused, end.Repeated), (closed.Phase, closed.Made, closed.Reused, closed.Repeated));
        Assert.Equal(end.Notices.AsEnumerable(), closed.Notices);
        Assert.True(closed.Made > 0);
    }

    [Fact]
    public async Task Reports_ThatAreStaleTwiceOrNonsense_ChangeNothing()
    {
        (WorkPlan plan, TaskCompletionSource gate) = await SubmitHeldAsync();
        SlotView busy = (await WaitForWorkAsync(plan.Id)).Slots.First(slot => slot.Item is not null);
        ICalibrationJobGrain job = _cluster.Job(plan.Id);

        foreach (string slot in (string[])[busy.Slot, "nobody/cpu-0/1", ""])
        {
            foreach (int item in (int[])[-1, 0, plan.Graph.Items.Length])
            {
                foreach (ReportKind kind in Enum.GetValues<ReportKind>())
                {
                    await job.ReportAsync(slot, [new WorkReport { Item = item, Attempt = 99, Kind = kind, Checksum = "x", Cause = "nonsense", LostItem = 7 }]);
                }
            }
        }

        Assert.Equal(SlotStanding.Stranger, (await job.RenewAsync("nobody/cpu-0/1", [], asks: true)).Standing);
        gate.SetResult();
        JobView view = await _cluster.WatchAsync(plan.Id);
        Assert.True(view.Phase == JobPhase.Finished, SmallCluster.Tell(view));
        Assert.Equal(0, view.Repeated);
    }

    private async Task<string> TellAsync(IEnumerable<JobSummary> jobs)
    {
        List<string> told = [];
        foreach (JobSummary job in jobs)
        {
            told.Add($"{job}: {SmallCluster.Tell(await _cluster.Job(job.Job).ViewAsync(0, 0))}");
        }

        foreach (SlotDescription slot in await _cluster.Directory.SlotsAsync())
        {
            told.Add($"{await _cluster.Cluster.Client.GetGrain<IGpuWorkerGrain>(slot.Slot).ViewAsync()}");
        }

        return string.Join('\n', told.Take(12).Concat(_cluster.Warnings.Texts.Where(text => !text.Contains("has ended", StringComparison.Ordinal)).TakeLast(60)));
    }

    /// <summary>Submits a job whose items are made once the gate opens.</summary>
    private async Task<(WorkPlan Plan, TaskCompletionSource Gate)> SubmitHeldAsync()
    {
        var gate = new TaskCompletionSource();
        _store.BeforePut = (name, cancellation) => name.EndsWith("/receipt", StringComparison.Ordinal) ? gate.Task.WaitAsync(cancellation) : Task.CompletedTask;
        WorkPlan plan = await _small.PutAsync(_store);
        await _cluster.SubmitAsync(plan.Id);
        return (plan, gate);
    }

    private async Task<JobView> WaitForWorkAsync(string job)
    {
        JobView view = await _cluster.Job(job).ViewAsync(0, 0);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!view.Slots.Any(slot => slot.Item is not null) && !patience.IsCancellationRequested)
        {
            view = await _cluster.Job(job).ViewAsync(view.Version, 1000);
        }

        Assert.False(patience.IsCancellationRequested, SmallCluster.Tell(view));
        return view;
    }
}
