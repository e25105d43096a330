using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Pipeline.Inputs;

/// <summary>The requests of the jobs that a store knows: a job with one, and not ended, is a cluster's to run.</summary>
/// <remarks>A client puts the plan first, then the inputs, last the request: so what is there can begin, and what is on its way is not taken for garbage.</remarks>
public static class StoredRequests
{
    /// <summary>The store's name of a request.</summary>
    /// <param name="job">Identity of the job.</param>
    public static string NameOf(string job) => $"{StoredPlans.PrefixOf(job)}request";

    /// <summary>Puts a request; one that is there and whole stays, so a job that is submitted again keeps its place.</summary>
    /// <param name="store">The store.</param>
    /// <param name="request">The request.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <returns>The request that the store holds now.</returns>
    /// <exception cref="InvalidRequestException">There is one of another version.</exception>
    /// <exception cref="ArtifactStoreException">The store cannot be read or written.</exception>
    public static async Task<JobRequest> PutAsync(IArtifactStore store, JobRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(request);
        string name = NameOf(request.Job);
        byte[] json = request.ToJson();
        for (int round = 0; ; round++)
        {
            await store.PutIfAbsentAsync(name, async (stream, token) => await stream.WriteAsync(json, token).ConfigureAwait(false), cancellation).ConfigureAwait(false);
            try
            {
                return await FindAsync(store, request.Job, cancellation).ConfigureAwait(false) ?? request;
            }
            catch (CorruptArtifactException) when (round == 0)
            {
                await store.DeleteAsync(name, cancellation).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Puts a request in the place of one that is there, of a job that nobody runs: its inputs are to be had elsewhere now.</summary>
    /// <param name="store">The store.</param>
    /// <param name="request">The request.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <returns>The request that the store holds now.</returns>
    /// <exception cref="ArtifactStoreException">The store cannot be read or written.</exception>
    public static async Task<JobRequest> ReplaceAsync(IArtifactStore store, JobRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(request);
        await store.DeleteAsync(NameOf(request.Job), cancellation).ConfigureAwait(false);
        return await PutAsync(store, request, cancellation).ConfigureAwait(false);
    }

    /// <summary>Reads a request.</summary>
    /// <param name="store">The store.</param>
    /// <param name="job">Identity of the job.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <returns>Null where the job has none: nobody submitted it, or not yet.</returns>
    /// <exception cref="InvalidRequestException">It is of another version.</exception>
    /// <exception cref="CorruptArtifactException">It is damaged.</exception>
    /// <exception cref="ArtifactStoreException">The store cannot be read.</exception>
    public static async Task<JobRequest?> FindAsync(IArtifactStore store, string job, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(store);
        using var content = new MemoryStream();
        try
        {
            Stream source = await store.OpenReadAsync(NameOf(job), 0, null, cancellation).ConfigureAwait(false);
            await using (source.ConfigureAwait(false))
            {
                await source.CopyToAsync(content, cancellation).ConfigureAwait(false);
            }
        }
        catch (ArtifactNotFoundException)
        {
            return null;
        }

        JobRequest request = JobRequest.FromJson(content.ToArray(), $"{NameOf(job)} of {store.Description}");
        return request.Job == job
            ? request
            : throw new InvalidRequestException($"'{NameOf(job)}' of {store.Description}: expected the request of job {job}, found that of {request.Job}. Submit the job again");
    }
}
