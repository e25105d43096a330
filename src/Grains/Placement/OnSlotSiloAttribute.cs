using Orleans.Placement;

namespace MambaQuant.Grains.Placement;

/// <summary>Places a grain whose key is the name of a slot on that slot's silo, and nowhere else.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class OnSlotSiloAttribute() : PlacementFilterAttribute(new OnSlotSiloStrategy());
