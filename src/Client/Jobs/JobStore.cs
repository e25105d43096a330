using MambaQuant.Client.Failures;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Storage;

namespace MambaQuant.Client.Jobs;

/// <summary>Opens the store that a command line names, and finds jobs in it.</summary>
internal static class JobStore
{
    /// <summary>Opens a store that is there; writes nothing.</summary>
    /// <param name="location">What was written after --store.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <exception cref="UsageException">The text is no place of a store.</exception>
    /// <exception cref="ArtifactStoreException">There is no store, or it cannot be read.</exception>
    public static IArtifactStore Open(string location, CancellationToken cancellation) =>
        AtAsync(location, place => ArtifactStores.OpenAsync(place, cancellation)).GetAwaiter().GetResult();

    /// <summary>Opens a store, or makes it.</summary>
    /// <param name="location">What was written after --store.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <exception cref="UsageException">The text is no place of a store.</exception>
    /// <exception cref="ArtifactStoreException">It cannot be made, read or written.</exception>
    public static Task<IArtifactStore> OpenOrCreateAsync(string location, CancellationToken cancellation) =>
        AtAsync(location, place => ArtifactStores.OpenOrCreateAsync(place, cancellation));

    /// <summary>Finds a job by the beginning of its identity.</summary>
    /// <param name="store">The store.</param>
    /// <param name="beginning">The identity, or enough of its first digits.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <exception cref="UsageException">No job begins so, or several do.</exception>
    public static string Find(IArtifactStore store, string beginning, CancellationToken cancellation)
    {
        string[] jobs = [.. StoredPlans.JobsAsync(store, cancellation).GetAwaiter().GetResult()];
        string[] found = [.. jobs.Where(job => job.StartsWith(beginning, StringComparison.Ordinal))];
        return found switch
        {
            [string one] => one,
            [] => throw new UsageException(jobs.Length == 0
                ? $"there is no job in {store.Description}"
                : $"there is no job '{beginning}' in {store.Description}; there are {string.Join(", ", jobs)}"),
            _ => throw new UsageException($"several jobs in {store.Description} begin with '{beginning}': {string.Join(", ", found)}"),
        };
    }

    private static async Task<IArtifactStore> AtAsync(string location, Func<string, Task<IArtifactStore>> open)
    {
        try
        {
            return await open(location);
        }
        catch (ArgumentException error)
        {
            throw new UsageException($"--store: {error.Message}");
        }
    }
}
