using MambaQuant.Grains.Contracts;
using MambaQuant.Grains.Jobs;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Grains.Tests.Jobs;

/// <summary>What a conductor answers slots, without a cluster around it.</summary>
public sealed class JobConductorTests : IDisposable
{
    private readonly SmallJob _small = new();

    public void Dispose() => _small.Dispose();

    [Fact]
    public async Task Slot_ThatIsWantedElsewhereGoes_UnlessItWasGivenAnItemMeanwhile()
    {
        var store = new MemoryArtifactStore();
        WorkPlan plan = await _small.PutAsync(store);
        JobConductor conductor = await JobConductor.OpenAsync(
            new ConductedJob(plan.Id, plan.Graph, plan.Request.Profile, null), "owner", store, new StandingClock(), default);
        await PumpAsync(conductor, conductor.SubmitAsync(new ConductedJob(plan.Id, plan.Graph, plan.Request.Profile, null), new SchedulerOptions(), []));
        var slot = new SlotDescription { Slot = "a silo/cpu-0/1", Device = "cpu-0", MemoryBytes = long.MaxValue, Profile = plan.Request.Profile };
        Task<SlotReply> joining = conductor.JoinAsync(slot);
        await PumpAsync(conductor, joining);
        SlotReply joined = await joining;
        Assert.NotNull(joined.Held);

        // Its question was on the way when the item was given out.
        Task<SlotReply> staying = conductor.YieldAsync(slot.Slot, "another job wants the slot");
        await PumpAsync(conductor, staying);
        Assert.Equal((SlotStanding.Member, joined.Held), ((await staying).Standing, (await staying).Held));

        HeldLease held = joined.Held.Value;
        var given = new WorkReport { Item = held.Item, Attempt = held.Attempt, Kind = ReportKind.Released, Cause = "a test", Asks = false };
        await PumpAsync(conductor, conductor.ReportAsync(slot.Slot, [given]));
        Task<SlotReply> going = conductor.YieldAsync(slot.Slot, "another job wants the slot");
        await PumpAsync(conductor, going);
        Assert.Equal(SlotStanding.Stranger, (await going).Standing);

        // Told again, because the answer was lost on its way.
        Assert.Equal(SlotStanding.Stranger, (await conductor.YieldAsync(slot.Slot, "another job wants the slot")).Standing);
        conductor.Close();
    }

    private static async Task PumpAsync(JobConductor conductor, Task task)
    {
        using var answered = new CancellationTokenSource();
        _ = task.ContinueWith(_ => answered.Cancel(), TaskScheduler.Default);
        try
        {
            while (!task.IsCompleted)
            {
                await conductor.NextAsync(answered.Token);
            }
        }
        catch (OperationCanceledException) when (task.IsCompleted)
        {
            return;
        }

        await task;
    }
}
