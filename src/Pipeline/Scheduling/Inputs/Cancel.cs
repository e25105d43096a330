namespace MambaQuant.Pipeline.Scheduling.Inputs;

/// <summary>Somebody stops the job. What is done stays done; submitting it again continues it.</summary>
/// <param name="At">When.</param>
/// <param name="Cause">Why, for people.</param>
public sealed record Cancel(long At, string Cause) : SchedulerInput(At);
