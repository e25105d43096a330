using MambaQuant.Grains.Contracts;
using MambaQuant.Grains.Jobs;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Grains.Tests.Jobs;

public sealed class SlotShortageTests : IDisposable
{
    private readonly SmallJob _small = new();

    public void Dispose() => _small.Dispose();

    [Fact]
    public async Task Shortage_NamesWhatIsNeededAndWhatThereIs()
    {
        WorkPlan plan = await _small.PutAsync(new MemoryArtifactStore());
        SchedulerState state = Scheduler.Step(SchedulerState.Empty, new JobSubmitted(0, plan.Id, "cpu", new SchedulerOptions(), []) { Graph = plan.Graph }).State;
        (long needed, int count) = state.ReadyByMemory[0];
        Assert.Equal(state.ReadyCount, state.ReadyByMemory.Sum(amount => amount.Count));
        Assert.True(needed > 0 && count > 0);

        Assert.Contains("no slots", SlotShortage.Find(state, []), StringComparison.Ordinal);
        Assert.Contains("only 'gpu'", SlotShortage.Find(state, [Slot("a", needed, "gpu")]), StringComparison.Ordinal);
        string small = SlotShortage.Find(state, [Slot("a", needed - 2, "cpu"), Slot("b", needed - 1, "cpu"), Slot("c", needed, "gpu")]);
        Assert.Contains("Tokenize", small, StringComparison.Ordinal);
        Assert.Contains("the largest slot, b,", small, StringComparison.Ordinal);
        Assert.Empty(SlotShortage.Find(state, [Slot("a", needed, "cpu")]));
    }

    private static SlotDescription Slot(string name, long memory, string profile) => new() { Slot = name, MemoryBytes = memory, Profile = profile };
}
