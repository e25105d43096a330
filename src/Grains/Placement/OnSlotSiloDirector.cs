using MambaQuant.Grains.Contracts;
using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Runtime.Placement;

namespace MambaQuant.Grains.Placement;

/// <summary>
/// Finds the silo of a slot: the member with its name and incarnation, that says in its metadata that it has the device, with the memory and the kernels
/// that the call needs.
/// </summary>
/// <param name="members">The cluster.</param>
/// <param name="metadata">What silos say of themselves; of one that has just joined it may not be known yet.</param>
internal sealed class OnSlotSiloDirector(SiloMembers members, ISiloMetadataCache metadata) : IPlacementFilterDirector
{
    /// <inheritdoc/>
    public IEnumerable<SiloAddress> Filter(PlacementFilterStrategy filterStrategy, PlacementTarget target, IEnumerable<SiloAddress> silos)
    {
        if (SlotName.TryParse(target.GrainIdentity.Key.ToString()!) is not { } slot || members.Find(slot) is not { } silo)
        {
            return [];
        }

        SlotNeeds needs = SlotNeeds.Of(target.RequestContextData);
        return silos.Where(candidate => candidate.Equals(silo) && SlotMetadata.MayHave(metadata.GetSiloMetadata(candidate).Metadata, slot.Device, needs));
    }
}
