using MambaQuant.Client.Failures;
using MambaQuant.Client.Jobs;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Inputs;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Storage;

namespace MambaQuant.Client.Cluster;

/// <summary>
/// Finds what MODEL and the texts of a submission stand for: a folder or file, here or in a container of blobs (<see cref="StoreLocation"/>),
/// <c>mounted:PATH</c>, or <c>store:JOB</c>.
/// </summary>
/// <param name="store">The cluster's store, opened when something in it is meant.</param>
/// <param name="cancellation">Stops what is read.</param>
internal sealed class InputSources(Lazy<IArtifactStore> store, CancellationToken cancellation)
{
    private const string MountedPrefix = "mounted:", StoredPrefix = "store:";

    /// <summary>Finds a model.</summary>
    /// <param name="text">What was written.</param>
    /// <exception cref="MambaQuant.Quant.Models.UnsupportedModelException">There is no such folder.</exception>
    /// <exception cref="UsageException">There is no such job, or none that was submitted; or the text is no place that can be opened.</exception>
    /// <exception cref="ArtifactStoreException">The container cannot be read.</exception>
    public ModelSource Model(string text)
    {
        if (Stored(text) is { } job)
        {
            (WorkPlan plan, JobRequest request) = Read(job);
            return request.Model.Kind == InputKind.Mounted
                ? new ModelSource(ModelFolder.Open(request.Model.Path!), null, request.Model)
                : new ModelSource(new StoredModelFiles(store.Value, request.Model.Files), plan.Request.Model, request.Model);
        }

        if (Mounted(text) is { } path)
        {
            return new ModelSource(ModelFolder.Open(path), null, InputPlace.Mounted(path));
        }

        (string location, BlobPlace? blobs) = Locate(text, "MODEL");
        return new ModelSource(blobs is null ? ModelFolder.Open(location) : BlobFolder.OpenAsync(blobs, null, cancellation).GetAwaiter().GetResult(), null, null);
    }

    /// <summary>Finds the calibration text.</summary>
    /// <param name="text">What was written; not "self".</param>
    /// <exception cref="IOException">There is no such file.</exception>
    /// <exception cref="UsageException">There is no such job, or none with a text.</exception>
    public TextSource Calibration(string text) =>
        Text(text, "calibration text", (plan, request) => plan.Request.Calibration is { Text: { } hash } calibration ? (new InputFile(calibration.Source, hash), request.Text) : null);

    /// <summary>Finds the text to evaluate on.</summary>
    /// <param name="text">What was written.</param>
    /// <exception cref="IOException">There is no such file.</exception>
    /// <exception cref="UsageException">There is no such job, or none with such a text.</exception>
    public TextSource Evaluation(string text) =>
        Text(text, "text to evaluate on", (plan, request) => plan.Request.Evaluation is { } evaluation && request.EvaluationText is { } place ? (new InputFile(evaluation.Source, evaluation.Text), place) : null);

    private TextSource Text(string text, string kind, Func<WorkPlan, JobRequest, (InputFile File, InputPlace Place)?> find)
    {
        if (Stored(text) is not { } job)
        {
            if (Mounted(text) is { } path)
            {
                return new TextSource(path, () => new DiskFile(path), Path.GetFileName(path), null, InputPlace.Mounted(path));
            }

            (string location, BlobPlace? blobs) = Locate(text, kind);
            return blobs is null
                ? new TextSource(location, () => new DiskFile(location), Path.GetFileName(location), null, null)
                : new TextSource(
                    blobs.Description,
                    () => BlobFolder.OpenFileAsync(blobs, null, cancellation).GetAwaiter().GetResult(),
                    blobs.Description[(blobs.Description.LastIndexOf('/') + 1)..],
                    null,
                    null);
        }

        (WorkPlan plan, JobRequest request) = Read(job);
        (InputFile file, InputPlace place) = find(plan, request) ?? throw new UsageException($"job {plan.Id} has no {kind}; name a file in place of '{text}'");
        return place.Kind == InputKind.Mounted
            ? new TextSource(place.Path!, () => new DiskFile(place.Path!), file.Name, null, place)
            : new TextSource(text, () => new StoredInput(store.Value, file), file.Name, file.Sha256, place);
    }

    private (WorkPlan Plan, JobRequest Request) Read(string beginning)
    {
        string job = JobStore.Find(store.Value, beginning, cancellation);
        WorkPlan plan = StoredPlans.ReadAsync(store.Value, job, cancellation).GetAwaiter().GetResult();
        return (plan, StoredRequests.FindAsync(store.Value, job, cancellation).GetAwaiter().GetResult()
            ?? throw new UsageException($"nothing was uploaded for job {job} of {store.Value.Description}: it was never submitted to a cluster. Name a folder or file, or a job that was submitted"));
    }

    private static (string Location, BlobPlace? Blobs) Locate(string text, string kind)
    {
        try
        {
            string location = StoreLocation.Resolve(text);
            return (location, StoreLocation.BlobsOf(location));
        }
        catch (ArgumentException error)
        {
            throw new UsageException($"{kind}: {error.Message}");
        }
    }

    private static string? Stored(string text) => text.StartsWith(StoredPrefix, StringComparison.Ordinal) ? text[StoredPrefix.Length..] : null;

    private static string? Mounted(string text) => !text.StartsWith(MountedPrefix, StringComparison.Ordinal) ? null
        : Path.IsPathFullyQualified(text[MountedPrefix.Length..]) ? text[MountedPrefix.Length..]
        : throw new UsageException($"'{text}': expected an absolute path that this machine and every silo have, found a relative one");
}
