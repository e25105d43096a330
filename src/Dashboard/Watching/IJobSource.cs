using System.Collections.Immutable;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Dashboard.Watching;

/// <summary>Where a page learns of jobs: an engine of this process, or a cluster. Thread-safe.</summary>
public interface IJobSource
{
    /// <summary>Whose jobs these are, for people.</summary>
    string Description { get; }

    /// <summary>The store with what the jobs made so far.</summary>
    /// <exception cref="JobSourceException">It is not known yet; so may every member answer.</exception>
    IArtifactStore Store { get; }

    /// <summary>All jobs, in the order in which they were submitted.</summary>
    /// <param name="cancellation">Stops the asking.</param>
    Task<ImmutableArray<JobLine>> ListAsync(CancellationToken cancellation);

    /// <summary>A job as it stands, as soon as there is something new.</summary>
    /// <param name="job">Identity of the job.</param>
    /// <param name="after">The version that is known already; 0 for none, which is answered at once and with every item.</param>
    /// <param name="wait">How long to wait for something new.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <returns>Null where there is no such job; the same version as before where nothing happened.</returns>
    Task<JobOverview?> WatchAsync(string job, long after, TimeSpan wait, CancellationToken cancellation);

    /// <summary>What a job is made of.</summary>
    /// <param name="job">Identity of the job.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <returns>Null where there is no such job.</returns>
    Task<WorkPlan?> PlanAsync(string job, CancellationToken cancellation);
}
