using System.Collections.Immutable;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Safetensors;

namespace MambaQuant.Pipeline.Inputs;

/// <summary>What a worker of a job reads besides the store's items.</summary>
/// <param name="Model">The files of the float model.</param>
/// <param name="Text">Opens the calibration text; null where the model samples its own.</param>
/// <param name="EvaluationText">Opens the text that the result is judged on; null where there is none.</param>
public sealed record JobInputs(IModelFiles Model, Func<IByteSource>? Text, Func<IByteSource>? EvaluationText)
{
    /// <summary>Finds the inputs of a job on this machine.</summary>
    /// <param name="store">The store.</param>
    /// <param name="plan">The job.</param>
    /// <param name="request">Where its inputs are.</param>
    /// <remarks>Cost: none; files are opened, and looked at, when they are first read.</remarks>
    /// <exception cref="InvalidRequestException">The request names other files than the plan.</exception>
    /// <exception cref="ChangedInputException">This machine has no folder where the model should be mounted.</exception>
    public static JobInputs Open(IArtifactStore store, WorkPlan plan, JobRequest request)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(request);
        ModelIdentity model = plan.Request.Model;
        IModelFiles files = request.Model switch
        {
            { Kind: InputKind.Stored } stored => new StoredModelFiles(store, Planned(request, stored, model.AllFiles)),
            { Kind: InputKind.Mounted, Path: { } path } => Directory.Exists(path)
                ? ModelFolder.Open(path)
                : throw new ChangedInputException($"there is no folder '{path}' on this machine: expected the model of job {request.Job} there. Mount it on every machine of the cluster, or let the client upload it"),
            _ => throw Misfit(request, "a model in the store or mounted", $"{request.Model.Kind}"),
        };
        CalibrationIdentity calibration = plan.Request.Calibration;
        return new JobInputs(
            files,
            calibration.Text is { } text ? TextOf(store, request, request.Text, new InputFile(calibration.Source, text)) : null,
            plan.Request.Evaluation is { } evaluation ? TextOf(store, request, request.EvaluationText, new InputFile(evaluation.Source, evaluation.Text)) : null);
    }

    /// <summary>Opens a text.</summary>
    /// <param name="store">The store.</param>
    /// <param name="request">The request.</param>
    /// <param name="place">Where the text is.</param>
    /// <param name="planned">Its name and hash in the plan.</param>
    private static Func<IByteSource> TextOf(IArtifactStore store, JobRequest request, InputPlace? place, InputFile planned)
    {
        switch (place)
        {
            case { Kind: InputKind.Stored }:
                Planned(request, place, [KeyValuePair.Create(planned.Name, planned.Sha256)]);
                return () => new StoredInput(store, planned);
            case { Kind: InputKind.Mounted, Path: { } path }:
                return () => new DiskFile(path);
            default:
                throw Misfit(request, $"the text '{planned.Name}' in the store or mounted", place is null ? "none" : $"{place.Kind}");
        }
    }

    private static ImmutableSortedDictionary<string, string> Planned(JobRequest request, InputPlace place, IEnumerable<KeyValuePair<string, string>> planned)
    {
        foreach ((string name, string sha256) in planned)
        {
            if (place.Files.GetValueOrDefault(name) is var found && found != sha256)
            {
                throw Misfit(request, $"'{name}' of SHA-256 {sha256}", found is null ? "none" : $"SHA-256 {found}");
            }
        }

        return place.Files;
    }

    private static InvalidRequestException Misfit(JobRequest request, string expected, string found) =>
        new($"the request of job {request.Job} does not fit its plan: expected {expected}, found {found}. Remove the job with 'mambaquant jobs gc --job {request.Job} --force --delete', and submit it again");
}
