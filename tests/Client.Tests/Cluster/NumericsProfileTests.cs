using MambaQuant.Client.Cluster;
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

    private string Choose(params string[] profiles) => NumericsProfile.Choose(
        [.. profiles.Select((profile, index) => new SlotDescription { Slot = $"silo/cpu-{index}/1", MemoryBytes = 1, Profile = profile })], _said.Add);
}
