using System.Collections.Immutable;
using MambaQuant.Dashboard.Watching;
using MambaQuant.Grains.Contracts;
using MambaQuant.Grains.Jobs;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Planning;
using Orleans.Runtime;

namespace MambaQuant.Silo.Watching;

/// <summary>The jobs of the cluster, asked of its grains; plans and pictures come from the store.</summary>
/// <param name="grains">The cluster.</param>
/// <param name="store">Its store.</param>
/// <param name="description">Whose jobs these are, for people.</param>
internal sealed class ClusterJobSource(IGrainFactory grains, IArtifactStore store, string description) : IJobSource
{
    private readonly EndedJobs _ended = new(store);

    /// <inheritdoc/>
    public string Description => description;

    /// <inheritdoc/>
    public IArtifactStore Store => store;

    private IJobDirectoryGrain Directory => grains.GetGrain<IJobDirectoryGrain>(0);

    /// <inheritdoc/>
    public Task<ImmutableArray<JobLine>> ListAsync(CancellationToken cancellation) => AskAsync<ImmutableArray<JobLine>>(async () =>
        [.. (await Directory.ListAsync().WaitAsync(cancellation)).Select(LineOf)]);

    /// <inheritdoc/>
    public Task<JobOverview?> WatchAsync(string job, long after, TimeSpan wait, CancellationToken cancellation) => AskAsync(async () =>
    {
        // Nobody has to wait for the first answer, not even where the job has no version because it is not open.
        int patience = after == 0 ? 0 : (int)wait.TotalMilliseconds;
        JobView view = await grains.GetGrain<ICalibrationJobGrain>(job).ViewAsync(after, patience).WaitAsync(cancellation);
        if (view is { HasEnded: true, Version: 0 })
        {
            // After its end a job's grain goes to sleep, and knows no more than how it ended.
            return await _ended.FillAsync(JobViews.ToOverview(view), cancellation);
        }

        _ended.Forget(job);
        return view.Phase == JobPhase.Unknown ? null : JobViews.ToOverview(view);
    });

    /// <inheritdoc/>
    public Task<WorkPlan?> PlanAsync(string job, CancellationToken cancellation) => AskAsync(async () =>

        // An identity comes from whoever opens an address: only jobs that the cluster knows get a grain.
        job.Length == WorkPlan.IdLength && await Directory.ShowAsync(job).WaitAsync(cancellation) is { Phase: not JobPhase.Unknown }
            ? await StoredPlans.ReadAsync(store, job, cancellation)
            : null);

    private static JobLine LineOf(JobSummary job) => new(
        job.Job, ((string[])[job.Model, job.Name, job.Job]).First(name => name.Length > 0), job.Recipe, job.Scheme, JobPhases.StatusOf(job.Phase));

    private static async Task<T> AskAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (Exception fault) when (fault is OrleansException or TimeoutException or InvalidPlanException)
        {
            throw new JobSourceException(fault.Message, fault);
        }
    }
}
