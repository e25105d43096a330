namespace MambaQuant.Pipeline.Scheduling.Inputs;

/// <summary>A new owner drives the job: every lease starts anew, because nobody listened to the workers in between.</summary>
/// <remarks>Being the first thing that a new owner writes to the journal, it also shuts out the owner before.</remarks>
/// <param name="At">When.</param>
/// <param name="Owner">The new owner, for people.</param>
public sealed record JobAdopted(long At, string Owner) : SchedulerInput(At)
{
    /// <summary>How the new owner schedules.</summary>
    /// <value>Null by default: as the owner before.</value>
    public SchedulerOptions? Options { get; init; }
}
