using System.Collections.Immutable;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Local;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;

namespace MambaQuant.Dashboard.Watching;

/// <summary>The jobs of a run of the embedded engine in this process.</summary>
/// <param name="run">The run, which may not have begun yet.</param>
/// <param name="description">Whose jobs these are, for people.</param>
/// <param name="time">The clock.</param>
public sealed class LocalJobSource(RunWatch run, string description, TimeProvider time) : IJobSource
{
    // Asked of a number under a lock: ten times a second cost nothing, and the workers need not tell anybody anything.
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    /// <inheritdoc/>
    public string Description => description;

    /// <inheritdoc/>
    public IArtifactStore Store => run.Store ?? throw new JobSourceException("the run has not opened its store yet");

    /// <inheritdoc/>
    public Task<ImmutableArray<JobLine>> ListAsync(CancellationToken cancellation) =>
        Task.FromResult<ImmutableArray<JobLine>>([.. run.Jobs.Select(job => LineOf(job.Plan, job.Status))]);

    /// <inheritdoc/>
    public async Task<JobOverview?> WatchAsync(string job, long after, TimeSpan wait, CancellationToken cancellation)
    {
        if (run.Find(job) is not { } watch)
        {
            return null;
        }

        long asked = time.GetTimestamp();
        while (watch.Version <= after && time.GetElapsedTime(asked) < wait)
        {
            await Task.Delay(Step, time, cancellation);
        }

        return watch.View(after);
    }

    /// <inheritdoc/>
    public Task<WorkPlan?> PlanAsync(string job, CancellationToken cancellation) => Task.FromResult(run.Find(job)?.Plan);

    private static JobLine LineOf(WorkPlan plan, JobStatus status) =>
        new(plan.Id, plan.Request.Model.Name, plan.Request.Recipe.Name, plan.Request.Recipe.Quantization?.Scheme.Name ?? string.Empty, status);
}
