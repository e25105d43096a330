using System.Text.Json;
using MambaQuant.Grains.Contracts;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Grains.Jobs;

/// <summary>How jobs ended, beside their plans: a job without is still to be run.</summary>
public static class StoredEndings
{
    /// <summary>The last part of the name.</summary>
    public const string Name = "ended";

    /// <summary>The store's name of a job's ending.</summary>
    /// <param name="job">Identity of the job.</param>
    public static string NameOf(string job) => StoredPlans.PrefixOf(job) + Name;

    /// <summary>Reads it.</summary>
    /// <param name="store">The store.</param>
    /// <param name="job">Identity of the job.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <returns>Null where the job has not ended, or what is there cannot be read.</returns>
    /// <exception cref="ArtifactStoreException">The store cannot be read.</exception>
    public static async Task<JobEnding?> ReadAsync(IArtifactStore store, string job, CancellationToken cancellation)
    {
        try
        {
            Stream stream = await store.OpenReadAsync(NameOf(job), 0, null, cancellation);
            await using (stream)
            {
                return await JsonSerializer.DeserializeAsync(stream, GrainsJson.Default.JobEnding, cancellation);
            }
        }
        catch (Exception fault) when (fault is ArtifactNotFoundException or CorruptArtifactException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Puts it; one that is there stays.</summary>
    /// <param name="store">The store.</param>
    /// <param name="job">Identity of the job.</param>
    /// <param name="ending">How the job ended.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <exception cref="ArtifactStoreException">The store cannot be written.</exception>
    public static Task PutAsync(IArtifactStore store, string job, JobEnding ending, CancellationToken cancellation)
    {
        byte[] content = JsonSerializer.SerializeToUtf8Bytes(ending, GrainsJson.Default.JobEnding);
        return store.PutIfAbsentAsync(NameOf(job), async (stream, token) => await stream.WriteAsync(content, token), cancellation);
    }

    /// <summary>Removes it, so that the job goes on.</summary>
    /// <param name="store">The store.</param>
    /// <param name="job">Identity of the job.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <exception cref="ArtifactStoreException">The store cannot be written.</exception>
    public static Task RemoveAsync(IArtifactStore store, string job, CancellationToken cancellation) => store.DeleteAsync(NameOf(job), cancellation);
}
