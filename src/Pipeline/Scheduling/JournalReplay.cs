using System.Collections.Immutable;
using MambaQuant.Pipeline.Scheduling.Inputs;

namespace MambaQuant.Pipeline.Scheduling;

/// <summary>What a journal says.</summary>
/// <param name="State">The state behind its last record.</param>
/// <param name="Records">All records, in order; a submitted job with its graph.</param>
/// <param name="Chunks">Number of chunks; the next one to write has the next number.</param>
public sealed record JournalReplay(SchedulerState State, ImmutableArray<SchedulerInput> Records, int Chunks);
