using System.Collections.Immutable;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Pipeline.Scheduling.Outputs;
using MambaQuant.Pipeline.Tests.Local;
using MambaQuant.Pipeline.Tests.Scheduling;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Driving;

public sealed class SchedulerDriverTests
{
    private static readonly SchedulerOptions Hasty = new()
    {
        Heartbeat = TimeSpan.FromMilliseconds(20),
        Lease = TimeSpan.FromMilliseconds(100),
        BackOffBase = TimeSpan.FromMilliseconds(50),
    };

    private readonly MemoryArtifactStore _store = new();
    private readonly WorkGraph _graph = RandomGraphs.Any(new Random(1), 6);

    [Fact]
    public async Task WorkerThatIsAlive_KeepsItsLease_OneThatIsNot_LosesIt()
    {
        bool isAlive = true;
        SchedulerDriver driver = await BeginAsync(TimeProvider.System, () => isAlive);
        for (long end = driver.Now + 300; driver.Now < end;)
        {
            Assert.DoesNotContain(await driver.NextAsync(CancellationToken.None), output => output is Revoke);
        }

        isAlive = false;
        Revoke? revoke = null;
        while (revoke is null)
        {
            revoke = (await driver.NextAsync(CancellationToken.None)).OfType<Revoke>().FirstOrDefault();
        }

        Assert.Equal("local-0", revoke.Worker);
    }

    [Fact]
    public async Task WorkerThatIsGone_LosesItsLease_HoweverMuchOthersSay()
    {
        SchedulerDriver driver = await BeginAsync(TimeProvider.System, () => false);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        Revoke? revoke = null;
        while (revoke is null)
        {
            driver.Post(new WorkRequested(driver.Now, "a stranger"));
            revoke = (await driver.NextAsync(patience.Token)).OfType<Revoke>().FirstOrDefault();
            patience.Token.ThrowIfCancellationRequested();
        }

        Assert.Equal("local-0", revoke.Worker);
    }

    [Fact]
    public async Task ClockThatJumps_TakesNoLeaseAway()
    {
        var clock = new JumpingClock();
        SchedulerDriver driver = await BeginAsync(clock, () => true);
        foreach (double hours in new[] { 5.0, -9.0, 1000.0, -1.0 })
        {
            clock.Jump(TimeSpan.FromHours(hours));
            for (int step = 0; step < 3; step++)
            {
                // A worker that renews late, and one that is never heard of, are both alive here.
                driver.Post(new Tick(driver.Now));
                Assert.DoesNotContain(await driver.NextAsync(CancellationToken.None), output => output is Revoke or Returned);
            }
        }

        LeaseName lease = Assert.Single(driver.State.Leases);
        driver.Post(new WorkCompleted(driver.Now, lease.Worker, lease.Item, lease.Attempt, "sum", Asks: true));
        Assert.Contains(await driver.NextAsync(CancellationToken.None), output => output is Assign or Finished);
    }

    [Fact]
    public async Task AlarmThatRingsEarly_LosesNoPause()
    {
        SchedulerDriver driver = await BeginAsync(new HastyClock(), () => true);
        LeaseName lease = Assert.Single(driver.State.Leases);
        driver.Post(new WorkFailed(driver.Now, lease.Worker, lease.Item, lease.Attempt, WorkFailure.Transient, "broken"));
        driver.Post(new WorkRequested(driver.Now, lease.Worker));
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        Assign? assign = null;
        while (assign is null)
        {
            assign = (await driver.NextAsync(patience.Token)).OfType<Assign>().FirstOrDefault();
        }

        Assert.Equal((lease.Item, lease.Attempt + 1), (assign.Item, assign.Attempt));
    }

    [Fact]
    public async Task SecondOwner_TakesTheJournal_AndBothGoOn()
    {
        SchedulerDriver first = await BeginAsync(TimeProvider.System, () => true);
        SchedulerDriver second = await OpenAsync(TimeProvider.System, () => true, "second");
        second.Post(new JobAdopted(second.Now, "second"));
        await second.NextAsync(CancellationToken.None);

        LeaseName lease = Assert.Single(first.State.Leases);
        first.Post(new WorkCompleted(first.Now, lease.Worker, lease.Item, lease.Attempt, "sum", Asks: true));
        Assert.Contains(await first.NextAsync(CancellationToken.None), output => output is Assign or Finished);
        Assert.Equal("second", first.Stale!.Successor);
        Assert.Null(second.Stale);
        Assert.Equal(ItemStatus.Running, second.State.StatusOf(lease.Item));
    }

    [Fact]
    public async Task Waiting_EndsWithTheCancellation()
    {
        SchedulerDriver driver = await OpenAsync(TimeProvider.System, () => true, "first");
        using var source = new CancellationTokenSource();
        Task<ImmutableArray<SchedulerOutput>> waiting = driver.NextAsync(source.Token);
        Assert.False(waiting.IsCompleted);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task ClosedDriver_NeverGivesATurnAgain()
    {
        SchedulerDriver waiting = await OpenAsync(TimeProvider.System, () => true, "first");
        Task<ImmutableArray<SchedulerOutput>> turn = waiting.NextAsync(CancellationToken.None);
        SchedulerDriver working = await BeginAsync(TimeProvider.System, () => true);

        waiting.Close();
        working.Close();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => turn);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => working.NextAsync(CancellationToken.None));
    }

    private async Task<SchedulerDriver> BeginAsync(TimeProvider time, Func<bool> isAlive)
    {
        SchedulerDriver driver = await OpenAsync(time, isAlive, "first");
        driver.Post(new JobSubmitted(driver.Now, "job", "cpu", Hasty, []) { Graph = _graph });
        driver.Post(new WorkerJoined(driver.Now, "local-0", long.MaxValue, "cpu"));
        driver.Post(new WorkRequested(driver.Now, "local-0"));
        Assert.Contains(await driver.NextAsync(CancellationToken.None), output => output is Assign);
        return driver;
    }

    private Task<SchedulerDriver> OpenAsync(TimeProvider time, Func<bool> isAlive, string owner) =>
        SchedulerDriver.OpenAsync(_store, "job", _graph, owner, time, _ => isAlive(), CancellationToken.None);

    /// <summary>The system's clock; timers fire after half their time.</summary>
    private sealed class HastyClock : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime / 2, period);
    }
}
