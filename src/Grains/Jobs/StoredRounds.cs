using System.Globalization;
using System.Text.Json;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Grains.Jobs;

/// <summary>How jobs ended, and that they were asked for again, beside their plans: one whose last round has no ending is still to be run.</summary>
/// <remarks>
/// <c>jobs/JOB/rounds/00000000.ended</c> tells how the first round ended, <c>00000001.asked</c> that somebody wants the job to go on, and so forth. All are put
/// if absent and none is ever taken away, and the journal tells which round it is in (<see cref="Pipeline.Scheduling.Inputs.JobSubmitted.Round"/>). So
/// between any two of these writes everybody may die: whoever comes next goes on from what is there. What an owner writes that has lost its job tells of
/// its own round, and changes nothing about a later one.
/// </remarks>
public static class StoredRounds
{
    private const string Folder = "rounds/", Asked = ".asked", Ended = ".ended";

    /// <summary>The beginning of the names of a job's rounds.</summary>
    /// <param name="job">Identity of the job.</param>
    public static string PrefixOf(string job) => StoredPlans.PrefixOf(job) + Folder;

    /// <summary>The store's name of how a round ended.</summary>
    /// <param name="job">Identity of the job.</param>
    /// <param name="round">The round.</param>
    public static string NameOfEnding(string job, int round) => PrefixOf(job) + Digits(round) + Ended;

    /// <summary>The store's name of the wish that a job go on.</summary>
    /// <param name="job">Identity of the job.</param>
    /// <param name="round">The round that this begins.</param>
    public static string NameOfWish(string job, int round) => PrefixOf(job) + Digits(round) + Asked;

    /// <summary>What a name tells of a job.</summary>
    /// <param name="name">Any name of a store, without the job's prefix, such as "rounds/00000001.asked".</param>
    /// <returns>Null where it tells of no round.</returns>
    public static JobRound? Parse(ReadOnlySpan<char> name)
    {
        if (!name.StartsWith(Folder, StringComparison.Ordinal))
        {
            return null;
        }

        bool hasEnded = name.EndsWith(Ended, StringComparison.Ordinal);
        return (hasEnded || name.EndsWith(Asked, StringComparison.Ordinal))
            && int.TryParse(name[Folder.Length..name.LastIndexOf('.')], NumberStyles.None, CultureInfo.InvariantCulture, out int round)
            ? new JobRound(round, hasEnded)
            : null;
    }

    /// <summary>The later of two.</summary>
    /// <param name="left">What one name tells.</param>
    /// <param name="right">What another tells.</param>
    public static JobRound Later(JobRound left, JobRound right) => (right.Round, right.HasEnded).CompareTo((left.Round, left.HasEnded)) > 0 ? right : left;

    /// <summary>Where a job stands.</summary>
    /// <param name="store">The store.</param>
    /// <param name="job">Identity of the job.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <exception cref="ArtifactStoreException">The store cannot be read.</exception>
    public static async Task<JobRound> FindAsync(IArtifactStore store, string job, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(store);
        JobRound found = default;
        await foreach (string name in store.ListNamesAsync(PrefixOf(job), cancellation))
        {
            found = Later(found, Parse(name.AsSpan(StoredPlans.PrefixOf(job).Length)) ?? default);
        }

        return found;
    }

    /// <summary>Reads how a job ended.</summary>
    /// <param name="store">The store.</param>
    /// <param name="job">Identity of the job.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <returns>Null where it has not ended, was asked for again since, or what is there cannot be read.</returns>
    /// <exception cref="ArtifactStoreException">The store cannot be read.</exception>
    public static async Task<JobEnding?> ReadEndingAsync(IArtifactStore store, string job, CancellationToken cancellation) =>
        await FindAsync(store, job, cancellation) is { HasEnded: true } last ? await ReadEndingAsync(store, job, last.Round, cancellation) : null;

    /// <summary>Reads how a round ended.</summary>
    /// <param name="store">The store.</param>
    /// <param name="job">Identity of the job.</param>
    /// <param name="round">The round.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <returns>Null where what is there cannot be read.</returns>
    /// <exception cref="ArtifactStoreException">The store cannot be read.</exception>
    public static async Task<JobEnding?> ReadEndingAsync(IArtifactStore store, string job, int round, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(store);
        try
        {
            Stream stream = await store.OpenReadAsync(NameOfEnding(job, round), 0, null, cancellation);
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

    /// <summary>Writes down how a round ended; what is there stays.</summary>
    /// <param name="store">The store.</param>
    /// <param name="job">Identity of the job.</param>
    /// <param name="ending">How, and which round.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <exception cref="ArtifactStoreException">The store cannot be written.</exception>
    public static Task PutEndingAsync(IArtifactStore store, string job, JobEnding ending, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(ending);
        byte[] content = JsonSerializer.SerializeToUtf8Bytes(ending, GrainsJson.Default.JobEnding);
        return store.PutIfAbsentAsync(NameOfEnding(job, ending.Round), async (stream, token) => await stream.WriteAsync(content, token), cancellation);
    }

    /// <summary>Writes down that somebody wants a job to go on that has ended.</summary>
    /// <param name="store">The store.</param>
    /// <param name="job">Identity of the job.</param>
    /// <param name="round">The round that this begins.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <exception cref="ArtifactStoreException">The store cannot be written.</exception>
    public static Task AskAsync(IArtifactStore store, string job, int round, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(store);
        return store.PutIfAbsentAsync(NameOfWish(job, round), (_, _) => Task.CompletedTask, cancellation);
    }

    private static string Digits(int round) => round.ToString("D8", CultureInfo.InvariantCulture);
}
