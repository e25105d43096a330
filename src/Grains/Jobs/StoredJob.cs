using System.Collections.Concurrent;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Inputs;

namespace MambaQuant.Grains.Jobs;

/// <summary>A job of a store as the names in it tell.</summary>
/// <param name="Job">Its identity.</param>
/// <param name="At">Where it stands.</param>
internal sealed record StoredJob(string Job, JobRound At)
{
    // Enough for 2,000 jobs in some seconds where every answer takes 20 ms, and no more than a store stands of one client.
    private const int AtOnce = 32;

    private const string Root = "jobs/", Digits = "0123456789abcdef";

    /// <summary>All jobs that were submitted to a store. Reads none of them.</summary>
    /// <param name="store">The store.</param>
    /// <param name="cancellation">Stops the listing.</param>
    /// <exception cref="ArtifactStoreException">The store cannot be read.</exception>
    public static async Task<List<StoredJob>> ListAsync(IArtifactStore store, CancellationToken cancellation)
    {
        // Identities are hashes: their first digits divide them evenly.
        var found = new ConcurrentBag<StoredJob>();
        await Parallel.ForEachAsync(Digits, Limit(cancellation), async (digit, token) =>
        {
            string job = string.Empty;
            bool isSubmitted = false;
            JobRound at = default;
            await foreach (string name in store.ListNamesAsync(Root + digit, token))
            {
                if (name.Split('/', 3) is not [_, string owner, string rest])
                {
                    continue;
                }

                if (owner != job)
                {
                    Add();
                    (job, isSubmitted, at) = (owner, false, default);
                }

                isSubmitted |= name == StoredRequests.NameOf(job);
                at = StoredRounds.Later(at, StoredRounds.Parse(rest) ?? default);
            }

            Add();

            void Add()
            {
                if (isSubmitted)
                {
                    found.Add(new StoredJob(job, at));
                }
            }
        });
        return [.. found];
    }

    /// <summary>Does something with many jobs, some at once.</summary>
    /// <param name="jobs">The jobs.</param>
    /// <param name="read">What; may be called by several threads.</param>
    /// <param name="cancellation">Stops it.</param>
    public static Task ReadAsync(IEnumerable<StoredJob> jobs, Func<StoredJob, CancellationToken, ValueTask> read, CancellationToken cancellation) =>
        Parallel.ForEachAsync(jobs, Limit(cancellation), read);

    private static ParallelOptions Limit(CancellationToken cancellation) =>
        new() { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation, TaskScheduler = TaskScheduler.Default };
}
