using MambaQuant.Client.Cluster;
using MambaQuant.Client.Failures;
using MambaQuant.Grains.Contracts;
using Xunit;

namespace MambaQuant.Client.Tests.Cluster;

public sealed class JobFollowerTests
{
    private readonly HeardProgress _heard = new();

    [Fact]
    public async Task Stages_AreToldWhenTheyMove_AndNoticesOnce()
    {
        JobView early = View(1, ("quantize", 1, 8)) with { Notices = [new JobNotice(1, "first")], Slots = [Slot] };
        ScriptedCluster cluster = new ScriptedCluster().Then(
            () => early,
            () => early with { Version = 2 },
            () => View(3, ("quantize", 1, 8), ("assemble", 0, 1)) with { Notices = [new JobNotice(1, "first"), new JobNotice(2, "second")], Slots = [Slot, Slot] },
            () => View(4, ("quantize", 8, 8), ("assemble", 1, 1)) with { Phase = JobPhase.Finished, Made = 9, Reused = 2, Repeated = 1, Items = [new ItemCount { Kind = "Quantize" }] });

        JobEnd end = await Follow(cluster);

        Assert.Equal(["quantize 1/8", "assemble 0/1", "quantize 8/8", "assemble 1/1"], _heard.Stages);
        Assert.Equal(["warning: first", "warning: second"], _heard.Said);
        Assert.Equal([0, 1, 2, 3], cluster.Asked);
        Assert.Equal((JobPhase.Finished, 2), (end.Phase, end.Slots));
        Assert.Equal((9, 2, 1), (end.Counts!.Made, end.Counts.Reused, end.Counts.Repeated));
        Assert.Equal(["quantize", "assemble"], end.Durations.Select(duration => duration.Stage));
    }

    [Fact]
    public async Task AnotherOwner_CountsItsNoticesAnew_AndALostConnectionDoesNoHarm()
    {
        ScriptedCluster cluster = new ScriptedCluster().Then(
            () => View(7, ("quantize", 5, 8)) with { Notices = [new JobNotice(3, "of the first")], Slots = [Slot] },
            () => throw new TimeoutException("its silo died"),
            () => View(1, ("quantize", 4, 8)) with { Owner = "second", Notices = [new JobNotice(1, "of the second")], Slots = [Slot] },
            () => View(2) with { Owner = "second", Phase = JobPhase.Failed, Cause = "a weight is NaN", Fault = "NonFiniteWeightException" });

        JobEnd end = await Follow(cluster);

        Assert.Equal(["warning: of the first", "connection lost, trying again", "connected again", "warning: of the second"], _heard.Said);
        Assert.Equal((JobPhase.Failed, "a weight is NaN", "NonFiniteWeightException", null), (end.Phase, end.Cause, end.Fault, end.Counts));
    }

    [Fact]
    public async Task Waiting_IsSaidOnceForEachReason()
    {
        JobView queued = View(0) with { Phase = JobPhase.Queued };
        ScriptedCluster cluster = new ScriptedCluster().Then(
            () => queued, () => queued, () => View(1), () => View(2), () => View(3) with { Slots = [Slot] }, () => View(4), () => View(5) with { Phase = JobPhase.Cancelled, Cause = "enough" });

        JobEnd end = await Follow(cluster);

        Assert.Equal(["the job waits for its turn", "no slot works for the job at this moment", "no slot works for the job at this moment"], _heard.Said);
        Assert.Equal(JobPhase.Cancelled, end.Phase);
    }

    [Fact]
    public async Task StrangeJob_IsGivenUp()
    {
        ScriptedCluster cluster = new ScriptedCluster().Then(() => View(0) with { Phase = JobPhase.Unknown, Store = "/elsewhere" });

        ClusterException fault = await Assert.ThrowsAsync<ClusterException>(() => Follow(cluster));

        Assert.Contains("the cluster does not know job a: its store is '/elsewhere'", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task JobThatNobodySubmitted_IsGivenUpAtOnce()
    {
        ScriptedCluster cluster = new ScriptedCluster().Then(() => View(0) with { Phase = JobPhase.Unknown, Cause = "it was planned here" });

        ClusterException fault = await Assert.ThrowsAsync<ClusterException>(() => Follow(cluster));

        Assert.Contains("has no job a to watch: it was planned here", fault.Message, StringComparison.Ordinal);
        Assert.Equal(1, cluster.Connections);
    }

    private static SlotView Slot { get; } = new() { Slot = "silo/cpu-0/1" };

    private static JobView View(long version, params (string Stage, long Done, long Total)[] stages) => new()
    {
        Job = "a",
        Phase = JobPhase.Running,
        Version = version,
        Owner = "first",
        Stages = [.. stages.Select(stage => new StageView { Stage = stage.Stage, Done = stage.Done, Total = stage.Total, Unit = "layers" })],
    };

    private async Task<JobEnd> Follow(ScriptedCluster cluster)
    {
        await using ClusterLink link = cluster.Link();
        return await new JobFollower(link, TimeProvider.System).FollowAsync("a", _heard, CancellationToken.None);
    }
}
