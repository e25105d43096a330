using System.Collections.Immutable;
using System.Text.Json.Serialization;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Pipeline.Scheduling.Inputs;

/// <summary>A job is to be run, or run again: what is done already is not repeated.</summary>
/// <remarks>
/// Submitting the same job again continues it: a failed or cancelled job goes on, with the counters of the items that failed it set back;
/// items found done count, items that were done and are no longer found are made again.
/// </remarks>
/// <param name="At">When.</param>
/// <param name="Job">Identity of the job: the hash of its plan.</param>
/// <param name="Profile">The numerics profile that the plan fixes; a worker of another one gets no item.</param>
/// <param name="Options">How it is scheduled.</param>
/// <param name="Done">Items whose artifacts exist.</param>
public sealed record JobSubmitted(long At, string Job, string Profile, SchedulerOptions Options, ImmutableArray<FinishedItem> Done)
    : SchedulerInput(At)
{
    /// <summary>How often it was asked for again; for whoever counts that, so that the journal tells which of them it knows.</summary>
    /// <value>Null by default: nobody counts.</value>
    public int? Round { get; init; }

    /// <summary>The work; not part of the journal, which stands beside the plan in the store.</summary>
    [JsonIgnore]
    public WorkGraph? Graph { get; init; }
}
