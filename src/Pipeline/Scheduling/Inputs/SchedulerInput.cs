using System.Text.Json.Serialization;

namespace MambaQuant.Pipeline.Scheduling.Inputs;

/// <summary>Something that happened, told to the scheduler by its driver.</summary>
/// <remarks>The names in JSON are those of the journal: they never change their meaning.</remarks>
/// <param name="At">
/// When, in milliseconds of the driver's clock; only differences count. In a journal: milliseconds of the scheduler's own clock, which
/// never goes back (<see cref="SchedulerState.Now"/>).
/// </param>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "input")]
[JsonDerivedType(typeof(JobSubmitted), "job-submitted")]
[JsonDerivedType(typeof(JobAdopted), "job-adopted")]
[JsonDerivedType(typeof(WorkerJoined), "worker-joined")]
[JsonDerivedType(typeof(WorkerLost), "worker-lost")]
[JsonDerivedType(typeof(WorkRequested), "work-requested")]
[JsonDerivedType(typeof(LeaseRenewed), "lease-renewed")]
[JsonDerivedType(typeof(WorkCompleted), "work-completed")]
[JsonDerivedType(typeof(WorkFailed), "work-failed")]
[JsonDerivedType(typeof(WorkReleased), "work-released")]
[JsonDerivedType(typeof(Tick), "tick")]
[JsonDerivedType(typeof(Cancel), "cancel")]
public abstract record SchedulerInput(long At);
