using MambaQuant.Grains.Contracts;
using MambaQuant.Pipeline.Scheduling;

namespace MambaQuant.Grains.Jobs;

/// <summary>How the scheduler's words for a job stand to the cluster's.</summary>
public static class JobPhases
{
    /// <summary>The phase of a job that is open.</summary>
    /// <param name="status">How the scheduler sees it.</param>
    public static JobPhase Of(JobStatus status) => status switch
    {
        JobStatus.Absent => JobPhase.Opening,
        JobStatus.Running => JobPhase.Running,
        JobStatus.Finished => JobPhase.Finished,
        JobStatus.Failed => JobPhase.Failed,
        JobStatus.Cancelled => JobPhase.Cancelled,
        _ => throw new ArgumentOutOfRangeException(nameof(status)),
    };

    /// <summary>How the scheduler would see a job in a phase; absent where it has not begun.</summary>
    /// <param name="phase">The phase.</param>
    public static JobStatus StatusOf(JobPhase phase) => phase switch
    {
        JobPhase.Running => JobStatus.Running,
        JobPhase.Finished => JobStatus.Finished,
        JobPhase.Failed => JobStatus.Failed,
        JobPhase.Cancelled => JobStatus.Cancelled,
        _ => JobStatus.Absent,
    };

    /// <summary>Whether a job in this phase has come to an end.</summary>
    /// <param name="phase">The phase.</param>
    public static bool IsEnd(JobPhase phase) => phase is JobPhase.Finished or JobPhase.Failed or JobPhase.Cancelled;
}
