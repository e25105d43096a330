using System.Collections.Immutable;
using MambaQuant.Client.Commands;
using MambaQuant.Client.Evaluation;
using MambaQuant.Client.Output;
using MambaQuant.Client.Progress;
using MambaQuant.Client.Quantizing;
using MambaQuant.Client.Submitting;
using MambaQuant.Grains.Contracts;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Local;
using MambaQuant.Quant.Kernels.Cpu;

namespace MambaQuant.Client.Cluster;

/// <summary>One call of <c>submit</c>.</summary>
/// <param name="request">What to do.</param>
/// <param name="settings">What the command line says of the cluster.</param>
/// <param name="link">The cluster.</param>
/// <param name="opened">Its store; opened, and made where there is none, when it is first needed.</param>
/// <param name="context">Where it reads and writes.</param>
internal sealed class SubmitRun(SubmissionRequest request, ClusterSettings settings, ClusterLink link, Lazy<IArtifactStore> opened, CommandContext context)
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(2);

    /// <summary>Runs it.</summary>
    /// <param name="format">What stdout carries.</param>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public async Task<int> RunAsync(OutputFormat format)
    {
        var sources = new InputSources(opened, context.Cancellation);
        ModelSource model = sources.Model(request.Work.ModelPath);
        TextSource? calibration = request.Work.Calibration.Source == CalibrationOptions.SelfSource ? null : sources.Calibration(request.Work.Calibration.Source);
        TextSource? evaluation = request.Work.EvaluationPath is { } path ? sources.Evaluation(path) : null;
        EvaluationText? text = SubmissionChecks.Run(request, model, calibration, evaluation);
        string profile = await ProfileAsync();
        IArtifactStore store = opened.Value;
        IProgressDisplay display = ProgressDisplays.For(context);
        List<SubmittedJob> jobs = display.Run($"submitting {model.Files.Description}", progress =>
            new Submission(link, store, context).RunAsync(request, profile, model, calibration, evaluation is null ? null : (evaluation, text!), progress).GetAwaiter().GetResult());
        SubmittedReport[] submitted =
            [.. jobs.Select(job => new SubmittedReport(job.Plan.Id, job.Plan.Request.Recipe.Name, job.Plan.Request.Recipe.Quantization?.Scheme.Name ?? "", job.Plan.Graph.Items.Length))];
        foreach (SubmittedJob job in jobs)
        {
            string watch = Reattachment.Command(job.Plan.Id, job.OutputPath, settings);
            await context.Error.WriteLineAsync(request.Waits ? $"job {job.Plan.Id} is submitted; should this command end before it: {watch}" : $"submitted; to see how far it is: {watch}");
        }

        QuantizeReport? result = request.Waits ? await new JobWaiting(settings, link, store, context, plan => CheckpointPages.FactsOf(plan, CheckpointPages.WordsOf(request.Work))).ToEndAsync(jobs, display, format) : null;
        Write(new SubmitReport(store.Description, profile, submitted, result), format);
        return ExitCodes.Success;
    }

    private async Task<string> ProfileAsync()
    {
        if (request.Profile is { } asked)
        {
            return asked;
        }

        ImmutableArray<SlotDescription> slots = await link.CallAsync(cluster => cluster.SlotsAsync(), ClusterLink.Patience, context.Cancellation);
        if (slots.IsEmpty)
        {
            using CpuKernels here = new();
            await context.Error.WriteLineAsync(
                $"{link.Description} has no slot, so the numerics that a job is planned for are not known: waiting for a silo with slots. --profile names them at once, such as '{here.Profile}' for machines like this one");
        }

        while (slots.IsEmpty)
        {
            await Task.Delay(BetweenLooks, context.Time, context.Cancellation);
            slots = await link.CallAsync(cluster => cluster.SlotsAsync(), patience: null, context.Cancellation);
        }

        return NumericsProfile.Choose(slots, line => context.Error.WriteLine($"warning: {line}"));
    }

    private void Write(SubmitReport report, OutputFormat format)
    {
        if (format == OutputFormat.Json)
        {
            JsonOutput.Write(context.Output, report, ClusterJson.Default.SubmitReport);
        }
        else if (report.Result is { } result)
        {
            result.Write(context.Output);
        }
        else
        {
            foreach (SubmittedReport job in report.Jobs)
            {
                context.Output.WriteLine(job.Job);
            }
        }
    }
}
