using System.Globalization;
using MambaQuant.Pipeline.Artifacts;

namespace MambaQuant.Pipeline.Scheduling;

/// <summary>Chunks at which a job's journal began anew, because what stood before could not be read.</summary>
/// <remarks>
/// The numbers go on: the first chunk of the new beginning takes the place of the one that an owner of the old would write next, which is shut out by it as
/// by any successor. What stands before it stays where it is, and nobody reads it.
/// </remarks>
internal static class JournalRestarts
{
    /// <summary>The store's name of a new beginning.</summary>
    /// <param name="job">Identity of the job.</param>
    /// <param name="chunk">Number of its first chunk.</param>
    public static string NameOf(string job, int chunk) => Prefix(job) + chunk.ToString("D8", CultureInfo.InvariantCulture);

    /// <summary>The last chunk at which the journal began anew.</summary>
    /// <returns>0 where it never did.</returns>
    public static Task<int> LastAsync(IArtifactStore store, string job, CancellationToken cancellation) => HighestAsync(store, Prefix(job), cancellation);

    /// <summary>Lets a journal begin anew, with nothing in it, and shuts out whoever writes it.</summary>
    /// <param name="store">The store.</param>
    /// <param name="job">Identity of the job.</param>
    /// <param name="owner">Who does: a name that no other owner of the job ever has.</param>
    /// <param name="cancellation">Stops it: the journal is then as unreadable as it was.</param>
    /// <returns>The chunk at which it begins.</returns>
    /// <exception cref="ArtifactStoreException">The store cannot be written.</exception>
    public static async Task<int> PutAsync(IArtifactStore store, string job, string owner, CancellationToken cancellation)
    {
        int chunk = await HighestAsync(store, Journal.Prefix(job), cancellation).ConfigureAwait(false);
        do
        {
            chunk++;
        }
        while (!await JournalWriter.PutAsync(store, job, owner, chunk, [], cancellation).ConfigureAwait(false));

        await store.PutIfAbsentAsync(NameOf(job, chunk), (_, _) => Task.CompletedTask, cancellation).ConfigureAwait(false);
        return chunk;
    }

    private static string Prefix(string job) => $"jobs/{job}/restarts/";

    private static async Task<int> HighestAsync(IArtifactStore store, string prefix, CancellationToken cancellation)
    {
        int highest = 0;
        await foreach (string name in store.ListNamesAsync(prefix, cancellation).ConfigureAwait(false))
        {
            highest = int.TryParse(name.AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? Math.Max(highest, number) : highest;
        }

        return highest;
    }
}
