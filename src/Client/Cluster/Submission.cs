using MambaQuant.Client.Evaluation;
using MambaQuant.Client.Failures;
using MambaQuant.Client.Progress;
using MambaQuant.Client.Quantizing;
using MambaQuant.Client.Submitting;
using MambaQuant.Grains.Contracts;
using MambaQuant.Grains.Jobs;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Execution;
using MambaQuant.Pipeline.Inputs;
using MambaQuant.Pipeline.Local;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;
using MambaQuant.Quant.Safetensors;

namespace MambaQuant.Client.Cluster;

/// <summary>Hands jobs to a cluster: hashes, plans, puts the plan, uploads, puts the request, and says so to the directory.</summary>
/// <remarks>Everything may be repeated: what lies in the store already is not sent again, and a job that is known keeps its place.</remarks>
/// <param name="link">The cluster.</param>
/// <param name="store">Its store, as this client reaches it.</param>
/// <param name="context">Clock and cancellation.</param>
internal sealed class Submission(ClusterLink link, IArtifactStore store, CommandContext context)
{
    private const string Upload = "upload", Megabytes = "MB";

    private readonly FileHashes _hashes = new();

    /// <summary>Submits what was asked for: a job for each recipe.</summary>
    /// <param name="request">The request.</param>
    /// <param name="profile">The numerics profile of the workers.</param>
    /// <param name="model">The model.</param>
    /// <param name="calibration">The calibration text; null where the model writes its own.</param>
    /// <param name="evaluation">The text to evaluate on, and what it is cut into; null for none.</param>
    /// <param name="progress">Hears how far it is.</param>
    /// <exception cref="ClusterException">The cluster refuses a job, or does not answer.</exception>
    /// <exception cref="ChangedInputException">A file changed while it was read.</exception>
    /// <exception cref="ArtifactStoreException">The store cannot be written.</exception>
    public async Task<List<SubmittedJob>> RunAsync(
        SubmissionRequest request, string profile, ModelSource model, TextSource? calibration, (TextSource Source, EvaluationText Text)? evaluation, IRunProgress progress)
    {
        progress.Report(new StageProgress(Stages.Prepare, 0, 1, "steps"));
        ModelIdentity identity = model.Known ?? Identify(model.Files);
        string? tokenizer = identity.Companions.GetValueOrDefault(CalibrationOptions.TokenizerFile);
        InputFile? text = calibration is null ? null : FileOf(calibration), judged = evaluation is { } given ? FileOf(given.Source) : null;
        WorkPlan[] plans = [.. request.Work.Recipes.Select(recipe => WorkPlanner.Plan(new PlanRequest
        {
            Recipe = recipe,
            Model = identity,
            Calibration = Calibration(request.Work.Calibration, text, tokenizer),
            Evaluation = judged is { } file ? Evaluation(file, tokenizer!, evaluation!.Value.Text) : null,
            Profile = profile,
            Options = request.Work.Plan,
        }))];
        progress.Report(new StageProgress(Stages.Prepare, 1, 1, "steps"));
        if (request.Work.OutputPath.Length > 0)
        {
            HashSet<string> downloaded = [.. plans.Zip(request.Work.Recipes).Where(job => CheckpointDownload.JobOf(request.Work.OutputOf(job.Second)) == job.First.Id).Select(job => request.Work.OutputOf(job.Second))];
            OutputFolders.EnsureFree(request.Work, recipe => downloaded.Contains(request.Work.OutputOf(recipe)));
        }

        // Plans come first: from then on what is uploaded is not taken for garbage.
        foreach (WorkPlan plan in plans)
        {
            if (await StoredPlans.PutAsync(store, plan, context.Cancellation) is { } fault)
            {
                progress.Say(JobTexts.PlanWrittenAgain(plan.Id, store.Description, fault));
            }
        }

        var upload = new InputUpload(store);
        var uploaded = new Adapter(progress);
        InputPlace modelPlace = model.Place is { Kind: InputKind.Mounted } mounted ? mounted : await upload.PutModelAsync(model.Files, identity, uploaded, context.Cancellation);
        InputPlace textPlace = calibration is null ? InputPlace.Self : await PlaceAsync(upload, calibration, text!.Value, uploaded);
        InputPlace? judgedPlace = evaluation is { } judgedText ? await PlaceAsync(upload, judgedText.Source, judged!.Value, uploaded) : null;
        var jobs = new List<SubmittedJob>();
        foreach ((WorkPlan plan, Recipe recipe) in plans.Zip(request.Work.Recipes))
        {
            var wanted = new JobRequest
            {
                Job = plan.Id,
                Name = $"{identity.Name} {recipe.Name} {recipe.Quantization?.Scheme.Name}".TrimEnd(),
                ModelName = identity.Name,
                Recipe = recipe.Name,
                Scheme = recipe.Quantization?.Scheme.Name,
                Words = CheckpointPages.WordsOf(request.Work),
                Order = context.Time.GetUtcNow().ToUnixTimeMilliseconds(),
                Model = modelPlace,
                Text = textPlace,
                EvaluationText = judgedPlace,
            };
            await HandOverAsync(await PutAsync(wanted, progress));
            jobs.Add(new SubmittedJob(plan, request.OutputOf(recipe)));
        }

        return jobs;
    }

    /// <summary>A job keeps the inputs that it was submitted with while it runs; when it has ended, those named last count.</summary>
    private async Task<JobRequest> PutAsync(JobRequest wanted, IRunProgress progress)
    {
        JobRequest known = await StoredRequests.PutAsync(store, wanted, context.Cancellation);
        if (known.HasInputsOf(wanted))
        {
            return known;
        }

        if ((await StoredRounds.FindAsync(store, wanted.Job, context.Cancellation)).HasEnded)
        {
            return await StoredRequests.ReplaceAsync(store, wanted, context.Cancellation);
        }

        progress.Say($"warning: job {wanted.Job} was submitted before, and goes on with the model and texts that were named then");
        return known;
    }

    private async Task HandOverAsync(JobRequest request)
    {
        int round = (await StoredRounds.FindAsync(store, request.Job, context.Cancellation)).Wanted;
        SubmitReply reply = await link.CallAsync(cluster => cluster.SubmitAsync(request.Job, store.Description, round), ClusterLink.Patience, context.Cancellation);

        // The silos may know the same job from a store of their own: then its request has another time.
        bool isElsewhere = reply.IsAccepted && reply.Order != request.Order;
        if (!reply.IsAccepted || isElsewhere)
        {
            string cause = isElsewhere ? "it was submitted to the silos' store at another time" : reply.Cause.TrimEnd('.');
            throw new ClusterException(
                ExitCodes.ClusterUnavailable,
                $"{link.Description} refuses job {request.Job}: {cause}. Store of this command: {store.Description}; of the silos: {reply.Store}. They have to be the same place");
        }
    }

    private ModelIdentity Identify(IModelFiles files)
    {
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(files);
        return ModelIdentity.Of(checkpoint, _hashes);
    }

    private InputFile FileOf(TextSource source)
    {
        if (source.Sha256 is { } known)
        {
            return new InputFile(source.Name, known);
        }

        using IByteSource file = source.Open();
        return new InputFile(source.Name, _hashes.Of(file));
    }

    private async Task<InputPlace> PlaceAsync(InputUpload upload, TextSource source, InputFile file, IProgress<UploadProgress> progress) =>
        source.Place is { Kind: InputKind.Mounted } mounted ? mounted : await upload.PutTextAsync(source.Open, file, progress, context.Cancellation);

    private static CalibrationIdentity Calibration(CalibrationOptions options, InputFile? text, string? tokenizer) => new()
    {
        Source = text?.Name ?? CalibrationIdentity.SelfSource,
        Text = text?.Sha256,
        Tokenizer = text is null ? null : tokenizer,
        Samples = options.Samples,
        SequenceLength = options.SequenceLength,
        SearchSamples = options.SearchSamples,
        Seed = options.Seed,
    };

    private static EvaluationIdentity Evaluation(InputFile file, string tokenizer, EvaluationText text) => new()
    {
        Source = file.Name,
        Text = file.Sha256,
        Tokenizer = tokenizer,
        Tokens = text.Tokens,
        WindowLength = text.WindowLength,
    };

    private sealed class Adapter(IProgress<StageProgress> progress) : IProgress<UploadProgress>
    {
        public void Report(UploadProgress value) =>
            progress.Report(new StageProgress(Upload, (long)(value.DoneBytes / 1e6), Math.Max(1, (long)(value.TotalBytes / 1e6)), Megabytes));
    }
}
