using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Inputs;

namespace MambaQuant.Testing;

/// <summary>A lease that ended without its item being made.</summary>
/// <param name="Lease">Worker, item and attempt.</param>
/// <param name="Record">What ended it, as the journal has it.</param>
public sealed record LostLease(LeaseName Lease, SchedulerInput Record);
