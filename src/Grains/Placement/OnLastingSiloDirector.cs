using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Runtime.Placement;

namespace MambaQuant.Grains.Placement;

/// <summary>Of the silos that are there, keeps those that last longest: a grain that its silo leaves behind begins anew elsewhere.</summary>
/// <param name="metadata">What silos say of themselves; of one that has just joined it may not be known yet.</param>
internal sealed class OnLastingSiloDirector(ISiloMetadataCache metadata) : IPlacementFilterDirector
{
    /// <inheritdoc/>
    public IEnumerable<SiloAddress> Filter(PlacementFilterStrategy filterStrategy, PlacementTarget target, IEnumerable<SiloAddress> silos)
    {
        ILookup<int, SiloAddress> ranked = silos.ToLookup(silo => SlotMetadata.Transience(metadata.GetSiloMetadata(silo).Metadata));
        return ranked.OrderBy(rank => rank.Key).FirstOrDefault() ?? Enumerable.Empty<SiloAddress>();
    }
}
