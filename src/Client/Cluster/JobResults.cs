using MambaQuant.Client.Evaluation;
using MambaQuant.Client.Failures;
using MambaQuant.Client.Progress;
using MambaQuant.Client.Quantizing;
using MambaQuant.Dashboard.Reports;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Execution;
using MambaQuant.Pipeline.Local;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Inference;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;

namespace MambaQuant.Client.Cluster;

/// <summary>Fetches what a job of a cluster made.</summary>
/// <param name="store">The cluster's store.</param>
/// <param name="context">Clock and cancellation.</param>
/// <param name="facts">The words that the report of a job's checkpoint repeats.</param>
internal sealed class JobResults(IArtifactStore store, CommandContext context, Func<WorkPlan, ReportFacts> facts)
{
    private const string Download = "download", Megabytes = "MB";

    /// <summary>Downloads a checkpoint, which appears whole or not at all, with a run.json of this client, and draws its report.</summary>
    /// <param name="job">The job and its folder.</param>
    /// <param name="end">How it ended.</param>
    /// <param name="progress">Hears how far it is, and that the report could not be written.</param>
    /// <exception cref="ArtifactStoreException">The store has no checkpoint, or a damaged one.</exception>
    /// <exception cref="Quant.Checkpoints.OutputDirectoryException">The folder holds something.</exception>
    /// <exception cref="IOException">The disk is full or failed.</exception>
    public async Task DownloadAsync(SubmittedJob job, JobEnd end, IRunProgress progress)
    {
        await CheckpointDownload.RunAsync(store, job.Plan, job.OutputPath!, () => RunFile.Write(FactsOf(job.Plan, end), context.Time), new Adapter(progress), context.Cancellation);
        CheckpointPages.WriteFirst(job.OutputPath!, facts(job.Plan), progress.Say);
    }

    /// <summary>Whether a job has put its checkpoint into the store.</summary>
    /// <param name="plan">The job.</param>
    public async Task<bool> HasCheckpointAsync(WorkPlan plan) =>
        await store.HeadAsync(WorkPlan.NameOf(plan.Find(WorkKind.Assemble)!.Key, ItemOutputs.Receipt), context.Cancellation) is not null;

    /// <summary>Reports finished jobs as <c>quantize</c> does.</summary>
    /// <param name="jobs">The jobs, and how they ended.</param>
    /// <exception cref="ArtifactStoreException">The store cannot be read.</exception>
    public async Task<QuantizeReport> ReportAsync(IReadOnlyList<(SubmittedJob Job, JobEnd End)> jobs)
    {
        var checkpoints = new List<QuantizedReport>();
        EvaluationReport? floating = null;
        foreach ((SubmittedJob job, JobEnd end) in jobs)
        {
            PlanRequest request = job.Plan.Request;
            ModelIdentity model = request.Model;
            bool hasSeparateHead = !model.Config.TieEmbeddings;
            long bytes = DiskNeed.ResultOf(model.Config, request.Recipe, hasSeparateHead);
            string output = job.OutputPath ?? $"job {job.Plan.Id} in {store.Description}";
            var report = new QuantizedReport
            {
                Recipe = request.Recipe.Name,
                Scheme = request.Recipe.Quantization?.Scheme.Name ?? string.Empty,
                Output = output,
                FloatBytes = model.TensorBytes,
                QuantizedBytes = bytes,
                CalibrationTokens = job.Plan.Needs.Calibrates ? request.Calibration.TokenCount : 0,
                Stages = [.. end.Durations.Select(duration => new StageReport(duration.Stage, Math.Round(duration.Elapsed.TotalSeconds, 3, MidpointRounding.ToEven)))],
            };
            if (request.Evaluation is { } text)
            {
                EvaluationOutcome outcome = await OutcomeAsync(job.Plan);
                QuantizedModelLayout layout = QuantizedModelLayout.Planned(model.Config, request.Recipe, hasSeparateHead);
                string compute = LoadedModel.NameOf(LanguageModels.ComputeOf(layout, QuantizedArithmetic.Integer));
                report = report with { Evaluation = EvaluationReport.Of(output, compute, bytes, model.Name, text.Source, text.WindowLength, outcome.Quantized).At(end.SpeedOf(Stages.Evaluate)) };
                floating ??= outcome.Float is { } scores
                    ? EvaluationReport.Of(model.Name, LoadedModel.NameOf(ComputeKind.Float), model.TensorBytes, reference: null, text.Source, text.WindowLength, scores).At(end.SpeedOf(Stages.EvaluateFloat))
                    : null;
            }

            checkpoints.Add(report);
        }

        return new QuantizeReport(checkpoints, floating);
    }

    private async Task<EvaluationOutcome> OutcomeAsync(WorkPlan plan)
    {
        string fault = "it is missing";
        return await StoredEvaluations.FindAsync(plan, store, (_, found) => fault = found, context.Cancellation)
            ?? throw new ClusterException(ExitCodes.StorageFailure, $"the evaluation of job {plan.Id} in {store.Description} cannot be read: {fault.TrimEnd('.')}. Submit the job again, which makes it anew");
    }

    private RunFacts FactsOf(WorkPlan plan, JobEnd end) => new()
    {
        Workers = end.Slots,
        Model = plan.Request.Model.Name,
        Calibration = plan.Request.Calibration.Source,
        Durations = end.Durations,
        Counts = end.Counts ?? new JobCounts(0, plan.Graph.Items.Length, 0, []),
        Job = plan.Id,
        Store = store.Description,
    };

    private sealed class Adapter(IProgress<StageProgress> progress) : IProgress<DownloadProgress>
    {
        public void Report(DownloadProgress value) =>
            progress.Report(new StageProgress(Download, (long)(value.DoneBytes / 1e6), Math.Max(1, (long)(value.TotalBytes / 1e6)), Megabytes));
    }
}
