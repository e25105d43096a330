using MambaQuant.Pipeline.Scheduling;

namespace MambaQuant.Pipeline.Driving;

/// <summary>A state of a job, as far as its journal has it.</summary>
/// <param name="State">The state.</param>
/// <param name="Commits">Commits of the job so far, over all its owners; leases of two states differ only where these differ.</param>
public sealed record DrivenState(SchedulerState State, int Commits);
