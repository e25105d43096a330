using System.Collections.Immutable;

namespace MambaQuant.Pipeline.Scheduling.Inputs;

/// <summary>Time has passed. Leases run out, and stragglers are given out twice, on a tick only.</summary>
/// <param name="At">When.</param>
/// <param name="Expired">
/// Null from a driver: the scheduler finds the leases that ran out. In a journal: those that it found, because renewals are not journalled.
/// </param>
/// <param name="Unheard">Of these, in a journal, those whose worker was never heard of under the lease; null where there are none.</param>
public sealed record Tick(long At, ImmutableArray<LeaseName>? Expired = null, ImmutableArray<LeaseName>? Unheard = null) : SchedulerInput(At);
