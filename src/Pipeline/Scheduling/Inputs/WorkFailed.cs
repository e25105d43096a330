namespace MambaQuant.Pipeline.Scheduling.Inputs;

/// <summary>A worker could not make an item.</summary>
/// <param name="At">When.</param>
/// <param name="Worker">Its name.</param>
/// <param name="Item">Index of the item.</param>
/// <param name="Attempt">The attempt that was assigned.</param>
/// <param name="Failure">What kind of failure.</param>
/// <param name="Cause">Why, for people.</param>
/// <param name="LostItem">The item whose artifacts are missing or corrupt, for <see cref="WorkFailure.InputLost"/>; otherwise null.</param>
public sealed record WorkFailed(long At, string Worker, int Item, int Attempt, WorkFailure Failure, string Cause, int? LostItem = null)
    : SchedulerInput(At)
{
    /// <summary>What kind of failure it was: the name of an exception's type, from which an exit code follows.</summary>
    /// <value>Null by default, as in journals of version 1.</value>
    public string? Fault { get; init; }
}
