using MambaQuant.Client.Cluster;
using MambaQuant.Client.Failures;
using MambaQuant.Grains.Contracts;
using Xunit;

namespace MambaQuant.Client.Tests.Cluster;

public sealed class NumericsProfileTests
{
    private readonly List<string> _said = [];

    [Fact]
    public void OneProfile_IsTakenInSilence()
    {
        Assert.Equal("x", Choose("x", "x"));
        Assert.Empty(_said);
    }

    [Fact]
    public void Several_GiveThatOfMostSlots_AndItIsSaid()
    {
        Assert.Equal("y", Choose("x", "y", "z", "y"));
        Assert.Equal("slots have several numerics profiles (y: 2, x: 1, z: 1): the job is for y, others will not work on it; --profile chooses another", Assert.Single(_said));
    }

    [Fact]
    public void NoSlot_SaysWhatToDo()
    {
        ClusterException fault = Assert.Throws<ClusterException>(() => Choose());

        Assert.Equal(ExitCodes.ClusterUnavailable, fault.ExitCode);
        Assert.Equal(
            "the cluster has no slot, so the numerics that a job is planned for are not known. Start a silo with slots, or name the profile that its slots will have with --profile, such as 'here' for machines like this one",
            fault.Message);
    }

    private string Choose(params string[] profiles) => NumericsProfile.Choose(
        [.. profiles.Select((profile, index) => new SlotDescription { Slot = $"silo/cpu-{index}/1", MemoryBytes = 1, Profile = profile })], "the cluster", "here", _said.Add);
}
