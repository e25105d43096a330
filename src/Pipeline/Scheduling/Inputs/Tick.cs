using System.Collections.Immutable;

namespace MambaQuant.Pipeline.Scheduling.Inputs;

/// <summary>Time has passed. Leases run out, and stragglers are given out twice, on a tick only.</summary>
/// <param name="At">When.</param>
/// <param name="Expired">
/// Null from a driver: the scheduler finds the leases that ran out. In a journal: those that it found, because renewals are not journalled.
/// </param>
public sealed record Tick(long At, ImmutableArray<LeaseName>? Expired = null) : SchedulerInput(At);
