using Orleans.Placement;

namespace MambaQuant.Grains.Placement;

/// <summary>Places a grain that is wanted as long as there are jobs on silos that last: those without slots before others, those that end when idle last.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class OnLastingSiloAttribute() : PlacementFilterAttribute(new OnLastingSiloStrategy());
