using MambaQuant.Grains.Contracts;
using MambaQuant.Grains.Jobs;
using Xunit;

namespace MambaQuant.Grains.Tests.Jobs;

public sealed class SlotMarketTests
{
    private readonly SettableClock _clock = new();
    private readonly SlotMarket _market;

    public SlotMarketTests() => _market = new SlotMarket(_clock, TimeSpan.FromSeconds(5));

    [Fact]
    public void Slots_GoToTheJobThatWasSubmittedFirst()
    {
        Want("late", order: 2, ready: 3);
        Want("early", order: 1, ready: 2);
        Idle("a", "b", "c", "d");

        Assert.Equal(["a early", "b early", "c late", "d late"], Matches());
    }

    [Fact]
    public void Slot_ThatWasToldIsNotToldAgainAtOnce()
    {
        Want("job", order: 1, ready: 1);
        Idle("a", "b");

        Assert.Equal(["a job"], Matches());
        Assert.Empty(Matches());
        Assert.Equal("job", _market.OrderOf("a"));

        _clock.Pass(TimeSpan.FromSeconds(6));
        Idle("a", "b");
        Assert.Equal(["a job"], Matches());
    }

    [Fact]
    public void Slot_ThatWasToldOfAJobThatEndsIsFreeAtOnce()
    {
        Want("early", order: 1, ready: 1);
        Want("late", order: 2, ready: 1);
        Idle("a");
        Assert.Equal(["a early"], Matches());

        _market.Find("early")!.Demand = new JobDemand { Job = "early", Phase = JobPhase.Finished };
        Idle("a");

        Assert.Equal(["a late"], Matches());
    }

    [Fact]
    public void Slot_ThatWasToldOfAJobThatWasRemovedIsFreeAtOnce()
    {
        Want("early", order: 1, ready: 1);
        Want("late", order: 2, ready: 1);
        Idle("a");
        Assert.Equal(["a early"], Matches());

        _market.Find("early")!.Demand = new JobDemand { Job = "early", Phase = JobPhase.Finished };
        _market.ForgetEnded(["late"]);
        Idle("a");

        Assert.Equal(["a late"], Matches());
    }

    [Fact]
    public void Slot_ThatIsBusyStays()
    {
        Want("job", order: 1, ready: 1);
        _market.Announce(Slot("a"), "other", isIdle: false);

        Assert.Empty(Matches());
    }

    [Fact]
    public void Jobs_ThatEndedAndWereRemovedAreForgotten()
    {
        foreach (string job in (string[])["kept", "removed"])
        {
            _market.Add(job).Demand = new JobDemand { Job = job, Phase = JobPhase.Finished };
        }

        Want("running", order: 1, ready: 1);
        _market.ForgetEnded(but: ["kept"]);

        Assert.Equal(["kept", "running"], _market.Jobs.Select(job => job.Job).Order());
    }

    [Theory]
    [InlineData(1, 10, 100, 1, "cpu", true)] // a stage with one item
    [InlineData(0, 0, 0, 0, "", true)] // not read yet
    [InlineData(0, 98, 100, 2, "cpu", false)] // whoever works for it is enough
    [InlineData(0, 97, 100, 2, "cpu", true)]
    [InlineData(1, 10, 100, 1, "other", false)]
    public void Slot_MayBeWanted_WhileAJobHasMoreToDoThanSlots(int ready, int done, int total, int slots, string profile, bool isWanted)
    {
        _market.Add("job").Demand = new JobDemand { Job = "job", Phase = JobPhase.Running, Profile = profile, Ready = ready, Done = done, Total = total, Slots = slots };
        Idle("a");

        Assert.Equal(isWanted, _market.MayWant("a"));
    }

    [Fact]
    public void Slot_IsNotKeptForAnEndedJob_NorForOneThatNoSlotCanHold_NorUnheard()
    {
        JobDemand demand = new() { Job = "job", Phase = JobPhase.Running, Profile = "cpu", Ready = 1, Total = 9, Memory = [new MemoryDemand(long.MaxValue, 1)] };
        _market.Add("job").Demand = demand;
        Assert.False(_market.MayWant("a"));
        Idle("a");
        Assert.False(_market.MayWant("a"));

        _market.Find("job")!.Demand = demand with { Memory = [] };
        Assert.True(_market.MayWant("a"));
        _market.Find("job")!.Demand = demand with { Memory = [], Phase = JobPhase.Finished };
        Assert.False(_market.MayWant("a"));
    }

    [Fact]
    public void Slot_OfAnotherProfileIsNotWanted_AndItsJobKeepsNobodyWaiting()
    {
        for (int job = 0; job < 20; job++)
        {
            Want($"alien-{job:D2}", order: job, ready: 1, profile: "other");
        }

        Want("job", order: 99, ready: 1);
        Idle("a");

        Assert.Equal(["a job"], Matches());
        Assert.Contains(_market.ToOpen, job => job.Job == "job");
    }

    [Fact]
    public void Slot_ThatCouldHoldNoItemIsNotWanted_AndItsJobKeepsNobodyWaiting()
    {
        for (int job = 0; job < 20; job++)
        {
            Want($"large-{job:D2}", order: job, ready: 1, memory: [2]);
        }

        Want("job", order: 99, ready: 1, memory: [1]);
        Idle("a");

        Assert.Equal(["a job"], Matches());
        Assert.Contains(_market.ToOpen, job => job.Job == "job");
    }

    [Fact]
    public void Slots_AreAsLargeAsTheItemsThatTheyAreFor()
    {
        Want("job", order: 1, ready: 4, memory: [1, 8, 8, 64]);
        Idle(("huge", 64), ("small", 1), ("tiny", 1), ("middle", 8), ("large", 32), ("spare", 32));

        // One for the item of 1, two for those of 8, one for that of 64; the second small one and the spare one are for nothing.
        Assert.Equal(["small job", "middle job", "large job", "huge job"], Matches());
    }

    [Fact]
    public void Slots_ThatWereToldCountForTheItemsThatTheyAreFor()
    {
        Want("job", order: 1, ready: 2, memory: [1, 8]);
        Idle(("small", 1));
        Assert.Equal(["small job"], Matches());

        Idle(("tiny", 1), ("large", 8));
        Assert.Equal(["large job"], Matches());
    }

    [Fact]
    public void Slots_OfAnyMemoryWillDoForAJobThatDoesNotSayWhatItNeeds()
    {
        Want("job", order: 1, ready: 2);
        Idle(("a", 1), ("b", 2), ("c", 3));

        Assert.Equal(["a job", "b job"], Matches());
    }

    [Fact]
    public void Slot_ThatIsSilentIsForgotten()
    {
        Idle("a");
        _clock.Pass(TimeSpan.FromSeconds(21));
        Want("job", order: 1, ready: 1);

        Assert.Empty(Matches());
        Assert.Empty(_market.Slots);
    }

    [Fact]
    public void Jobs_AreOpenedAsFarAsThereAreSlotsForThem()
    {
        for (int job = 0; job < 100; job++)
        {
            _market.Add($"{job:D3}").Submitted = job;
        }

        Idle("a", "b", "c");

        Assert.Equal(["000", "001", "002", "003", "004", "005"], _market.ToOpen.Select(job => job.Job));
    }

    private void Want(string job, long order, int ready, string profile = "cpu", long[]? memory = null)
    {
        JobEntry entry = _market.Add(job);
        entry.Submitted = order;
        entry.Demand = new JobDemand
        {
            Job = job,
            Phase = JobPhase.Running,
            Profile = profile,
            Ready = ready,
            Memory = [.. (memory ?? []).CountBy(bytes => bytes).Select(amount => new MemoryDemand(amount.Key, amount.Value))],
        };
    }

    private void Idle(params string[] slots) => Idle([.. slots.Select(slot => (slot, 1L))]);

    private void Idle(params (string Name, long Memory)[] slots)
    {
        foreach ((string name, long memory) in slots)
        {
            _market.Announce(Slot(name) with { MemoryBytes = memory }, null, isIdle: true);
        }
    }

    private IEnumerable<string> Matches() => [.. _market.Match().Select(match => $"{match.Slot} {match.Job}")];

    private static SlotDescription Slot(string name) => new() { Slot = name, MemoryBytes = 1, Profile = "cpu" };
}
