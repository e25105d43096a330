namespace MambaQuant.Pipeline.Scheduling.Outputs;

/// <summary>The driver is to send a <see cref="Inputs.Tick"/> at this moment; replaces the one asked for before.</summary>
/// <remarks>A tick at any other moment does no harm; a tick much later is taken for a driver that slept.</remarks>
/// <param name="At">When, in milliseconds of the driver's clock.</param>
public sealed record WakeAt(long At) : SchedulerOutput;
