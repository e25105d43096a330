using Orleans.Placement;

namespace MambaQuant.Grains.Placement;

/// <summary>Marks grains that live on silos that last, where there are any.</summary>
/// <param name="order">Place among several filters.</param>
internal sealed class OnLastingSiloStrategy(int order) : PlacementFilterStrategy(order)
{
    /// <summary>The only filter.</summary>
    public OnLastingSiloStrategy()
        : this(0)
    {
    }
}
