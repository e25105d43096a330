using System.Collections.Immutable;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Pipeline.Scheduling.Outputs;

namespace MambaQuant.Pipeline.Scheduling;

/// <summary>What one input led to.</summary>
/// <param name="State">The state behind it.</param>
/// <param name="Outputs">What to do and to tell, in this order, once <paramref name="Record"/> is in the journal.</param>
/// <param name="Record">What to write to the journal; null where nothing changed that a successor must know.</param>
public readonly record struct SchedulerStep(SchedulerState State, ImmutableArray<SchedulerOutput> Outputs, SchedulerInput? Record);
