using MambaQuant.Client.Commands;
using MambaQuant.Client.Failures;
using MambaQuant.Client.Output;
using MambaQuant.Client.Progress;
using MambaQuant.Client.Quantizing;
using MambaQuant.Client.Submitting;
using MambaQuant.Dashboard.Reports;
using MambaQuant.Grains.Contracts;
using MambaQuant.Grains.Jobs;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Execution;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Client.Cluster;

/// <summary>Waits for jobs, downloads what they made, and reports it.</summary>
/// <param name="settings">What the command line says of the cluster.</param>
/// <param name="link">The cluster.</param>
/// <param name="store">Its store.</param>
/// <param name="context">Where it reads and writes.</param>
/// <param name="facts">The words that the report of a job's checkpoint repeats.</param>
internal sealed class JobWaiting(ClusterSettings settings, ClusterLink link, IArtifactStore store, CommandContext context, Func<WorkPlan, ReportFacts> facts)
{
    private readonly JobResults _results = new(store, context, facts);

    /// <summary>Waits for all jobs, in their order.</summary>
    /// <param name="jobs">The jobs.</param>
    /// <param name="display">Shows how far they are.</param>
    /// <param name="format">What stdout carries; where a job fails, what the others made is printed before.</param>
    /// <exception cref="ClusterException">A job failed or was cancelled; its exit code is the job's.</exception>
    /// <exception cref="StillRunningException">The user waits no longer.</exception>
    public async Task<QuantizeReport> ToEndAsync(IReadOnlyList<SubmittedJob> jobs, IProgressDisplay display, OutputFormat format)
    {
        var finished = new List<(SubmittedJob Job, JobEnd End)>();
        ClusterException? failure = null;
        foreach (SubmittedJob job in jobs)
        {
            JobEnd end = Show(job, display, jobs);
            if (end.Phase == JobPhase.Finished)
            {
                finished.Add((job, end));
            }
            else
            {
                ClusterException found = FailureOf(job.Plan, end);
                if (failure is not null)
                {
                    await context.Error.WriteLineAsync($"error: {failure.Message}");
                }

                failure = found;
            }
        }

        QuantizeReport report = await _results.ReportAsync(finished);
        CheckpointPages.Write(report, checkpoint => facts(finished.First(one => one.Job.OutputPath == checkpoint.Output).Job.Plan), context.Error);
        if (failure is null)
        {
            return report;
        }

        if (finished.Count > 0 && format == OutputFormat.Text)
        {
            report.Write(context.Output);
        }

        throw failure;
    }

    private JobEnd Show(SubmittedJob job, IProgressDisplay display, IReadOnlyList<SubmittedJob> jobs)
    {
        PlanRequest plan = job.Plan.Request;
        string title = $"quantizing {plan.Model.Name} with {plan.Recipe.Name} {plan.Recipe.Quantization?.Scheme.Name} in {link.Description}";
        try
        {
            return display.Run(title, progress => EndAsync(job, progress).GetAwaiter().GetResult());
        }
        catch (OperationCanceledException) when (context.Cancellation.IsCancellationRequested)
        {
            string[] left = [.. jobs.SkipWhile(other => other != job).Select(other => Reattachment.Command(other.Plan.Id, other.OutputPath, settings))];
            throw new StillRunningException($"no longer waiting; the {(left.Length == 1 ? "job goes" : "jobs go")} on. To wait again: {string.Join("; ", left)}", context.Cancellation);
        }
    }

    private async Task<JobEnd> EndAsync(SubmittedJob job, IRunProgress progress)
    {
        JobEnding? ending = await StoredRounds.ReadEndingAsync(store, job.Plan.Id, context.Cancellation);
        JobEnd end = ending is not null
            ? new JobEnd { Phase = ending.Phase, Cause = ending.Cause, Fault = ending.Fault }
            : await FollowAsync(job.Plan, progress);

        // A checkpoint that could not be evaluated is a checkpoint.
        // One that lies there already was downloaded by this command before it was ended from outside.
        if (job.OutputPath is not null && CheckpointDownload.JobOf(job.OutputPath) != job.Plan.Id && (end.Phase == JobPhase.Finished || await _results.HasCheckpointAsync(job.Plan)))
        {
            await _results.DownloadAsync(job, end, progress);
        }

        return end;
    }

    private Task<JobEnd> FollowAsync(WorkPlan plan, IRunProgress progress)
    {
        var watch = new JobWatch(plan, store.Description, context.Time);
        progress.Watch(watch);
        return new JobFollower(link, context.Time) { Seen = view => watch.Show(JobViews.ToOverview(view)) }.FollowAsync(plan.Id, progress, context.Cancellation);
    }

    private static ClusterException FailureOf(WorkPlan plan, JobEnd end) => end.Phase == JobPhase.Cancelled
        ? new ClusterException(ExitCodes.JobCancelled, $"job {plan.Id} was stopped: {end.Cause.TrimEnd('.')}. Submitting it again goes on from what is done")
        : new ClusterException(
            FailureCodes.Find(end.Fault) ?? ExitCodes.JobFailed,
            $"job {plan.Id} failed: {end.Cause.TrimEnd('.')}. What is done stays in the store: submitting the job again goes on from there");
}
