namespace MambaQuant.Pipeline.Local;

/// <summary>How a job ended under an <see cref="IJobDriver"/>.</summary>
/// <param name="Counts">What it took.</param>
/// <param name="Failure">Why it failed; null where it finished.</param>
public sealed record DrivenJob(JobCounts Counts, Exception? Failure);
