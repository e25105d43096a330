using MambaQuant.Grains.Contracts;
using Orleans.Runtime;

namespace MambaQuant.Grains.Placement;

/// <summary>Which slots' silos are there, as this silo sees the cluster.</summary>
/// <param name="membership">The cluster.</param>
internal sealed class SiloMembers(IClusterMembershipService membership)
{
    /// <summary>Grows with every change of the cluster.</summary>
    public long Version => membership.CurrentSnapshot.Version.Value;

    /// <summary>The silo of a slot.</summary>
    /// <param name="slot">The slot's name.</param>
    /// <returns>Null where it is not a member.</returns>
    public SiloAddress? Find(SlotName slot) => Member(slot)?.SiloAddress;

    /// <summary>The silo of a slot.</summary>
    /// <param name="slot">The slot's name.</param>
    /// <returns>Null where it is no name of a slot, or not that of a living member's.</returns>
    public SiloAddress? Find(string slot) =>
        SlotName.TryParse(slot) is { } name && Member(name) is { Status: not SiloStatus.Dead } member ? member.SiloAddress : null;

    /// <summary>Whether the silo of a slot was declared dead.</summary>
    /// <param name="slot">The slot's name.</param>
    public bool IsDead(string slot) => SlotName.TryParse(slot) is { } name && Member(name) is { Status: SiloStatus.Dead };

    /// <summary>Whether the silo of a slot is dead, or not known at all.</summary>
    /// <param name="slot">The slot's name.</param>
    public bool IsGone(string slot) => SlotName.TryParse(slot) is not { } name || Member(name) is null or { Status: SiloStatus.Dead };

    private ClusterMember? Member(SlotName slot) => membership.CurrentSnapshot.Members.Values
        .FirstOrDefault(member => member.Name == slot.Silo && member.SiloAddress.Generation == slot.Incarnation);
}
