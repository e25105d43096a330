using MambaQuant.Client.Commands;
using MambaQuant.Client.Failures;
using MambaQuant.Client.Jobs;
using MambaQuant.Client.Output;
using MambaQuant.Client.Progress;
using MambaQuant.Client.Quantizing;
using MambaQuant.Client.Submitting;
using MambaQuant.Dashboard.Reports;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Execution;
using MambaQuant.Pipeline.Inputs;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Checkpoints;

namespace MambaQuant.Client.Cluster;

/// <summary>One call of <c>watch</c>: of a job that has ended it needs the store alone.</summary>
/// <param name="beginning">The job, or the beginning of its identity.</param>
/// <param name="outputPath">Where its checkpoint goes, or null.</param>
/// <param name="settings">What the command line says of the cluster.</param>
/// <param name="link">The cluster.</param>
/// <param name="store">Its store.</param>
/// <param name="context">Where it reads and writes.</param>
internal sealed class WatchRun(string beginning, string? outputPath, ClusterSettings settings, ClusterLink link, IArtifactStore store, CommandContext context)
{
    /// <summary>Runs it.</summary>
    /// <param name="format">What stdout carries.</param>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public async Task<int> RunAsync(OutputFormat format)
    {
        WorkPlan plan = await StoredPlans.ReadAsync(store, JobStore.Find(store, beginning, context.Cancellation), context.Cancellation);
        if (outputPath is not null && CheckpointDownload.JobOf(outputPath) != plan.Id)
        {
            QuantizedCheckpointWriter.EnsureFree(outputPath);
        }

        ReportFacts facts = CheckpointPages.FactsOf(plan, (await RequestAsync(plan.Id))?.Words);
        QuantizeReport report = await new JobWaiting(settings, link, store, context, _ => facts).ToEndAsync([new SubmittedJob(plan, outputPath)], ProgressDisplays.For(context), format);
        if (format == OutputFormat.Json)
        {
            JsonOutput.Write(context.Output, report, ClientJson.Default.QuantizeReport);
        }
        else
        {
            report.Write(context.Output);
        }

        return ExitCodes.Success;
    }

    /// <summary>What the job was submitted with; null where that cannot be read: the report then has the names of the plan.</summary>
    private async Task<JobRequest?> RequestAsync(string job)
    {
        try
        {
            return await StoredRequests.FindAsync(store, job, context.Cancellation);
        }
        catch (Exception fault) when (fault is InvalidRequestException or CorruptArtifactException)
        {
            return null;
        }
    }
}
