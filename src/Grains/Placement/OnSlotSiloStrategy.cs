using Orleans.Placement;

namespace MambaQuant.Grains.Placement;

/// <summary>Marks grains that live on the silo of the slot that their key names.</summary>
/// <param name="order">Place among several filters.</param>
internal sealed class OnSlotSiloStrategy(int order) : PlacementFilterStrategy(order)
{
    /// <summary>The only filter.</summary>
    public OnSlotSiloStrategy()
        : this(0)
    {
    }
}
