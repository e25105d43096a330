using System.Collections.Immutable;
using MambaQuant.Pipeline.Artifacts;

namespace MambaQuant.Pipeline.Planning;

/// <summary>The plans of the jobs that a store knows, each beside the journal of its job.</summary>
/// <remarks>
/// Whoever runs a job puts its plan before anything else. So whatever the items of a store are needed for is told by its plans, and what no plan names
/// may go.
/// </remarks>
public static class StoredPlans
{
    private const string JobPrefix = "jobs/";

    /// <summary>The store's name of a plan.</summary>
    /// <param name="job">Identity of the job.</param>
    public static string NameOf(string job) => $"{PrefixOf(job)}plan";

    /// <summary>The beginning of the names of everything that a store keeps of a job besides what items made.</summary>
    /// <param name="job">Identity of the job.</param>
    public static string PrefixOf(string job) => $"{JobPrefix}{job}/";

    /// <summary>Puts a plan; one that is there and whole stays.</summary>
    /// <param name="store">The store.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <returns>What was wrong with the plan that was there, and is written again; null where there was none, or a whole one.</returns>
    /// <remarks>
    /// What is there is read to its end: a put alone compares with the checksum that the store noted, and would leave altered bytes in place. Plans of one
    /// identity have the same items, so this program's stands for another's that it cannot read.
    /// </remarks>
    /// <exception cref="ArtifactStoreException">The store cannot be read or written.</exception>
    public static async Task<string?> PutAsync(IArtifactStore store, WorkPlan plan, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(plan);
        string? fault = await FaultAsync(store, plan.Id, cancellation).ConfigureAwait(false);
        if (fault is not null)
        {
            await store.DeleteAsync(NameOf(plan.Id), cancellation).ConfigureAwait(false);
        }

        byte[] document = PlanDocument.Write(plan);
        await store.PutIfAbsentAsync(
            NameOf(plan.Id), async (stream, token) => await stream.WriteAsync(document, token).ConfigureAwait(false), cancellation).ConfigureAwait(false);
        return fault;
    }

    /// <summary>Reads a plan.</summary>
    /// <param name="store">The store.</param>
    /// <param name="job">Identity of the job.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <exception cref="InvalidPlanException">There is no such plan, it is damaged, or it is one of another version of the program; the message says what to do.</exception>
    /// <exception cref="ArtifactStoreException">The store cannot be read.</exception>
    public static async Task<WorkPlan> ReadAsync(IArtifactStore store, string job, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(store);
        try
        {
            return PlanDocument.Read(await ContentAsync(store, job, cancellation).ConfigureAwait(false), $"{NameOf(job)} of {store.Description}");
        }
        catch (ArtifactStoreException error) when (error is ArtifactNotFoundException or CorruptArtifactException)
        {
            throw new InvalidPlanException(
                $"the plan of job {job} in {store.Description} is {(error is CorruptArtifactException ? "damaged" : "missing")}: expected '{NameOf(job)}' as it was put, found {Found(error)}."
                + $" The command that began the job writes it again; or remove the job, if nobody runs it, with 'mambaquant jobs gc --job {job} --force --delete'",
                error);
        }
    }

    /// <summary>The jobs of which a store keeps anything, a plan or only a journal.</summary>
    /// <param name="store">The store.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <returns>Identities, in ordinal order.</returns>
    /// <exception cref="ArtifactStoreException">The store cannot be read.</exception>
    public static async Task<ImmutableArray<string>> JobsAsync(IArtifactStore store, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(store);
        var jobs = new SortedSet<string>(StringComparer.Ordinal);
        await foreach (ArtifactInfo found in store.ListAsync(JobPrefix, cancellation).ConfigureAwait(false))
        {
            if (found.Name.IndexOf('/', JobPrefix.Length) is > 0 and int end)
            {
                jobs.Add(found.Name[JobPrefix.Length..end]);
            }
        }

        return [.. jobs];
    }

    private static async Task<string?> FaultAsync(IArtifactStore store, string job, CancellationToken cancellation)
    {
        try
        {
            await ReadAsync(store, job, cancellation).ConfigureAwait(false);
            return null;
        }
        catch (InvalidPlanException error)
        {
            return error.InnerException switch
            {
                ArtifactNotFoundException => null,
                CorruptArtifactException corrupt => Found(corrupt),
                _ => error.Message,
            };
        }
    }

    private static string Found(ArtifactStoreException error) => error is CorruptArtifactException corrupt ? corrupt.Fault : "nothing";

    private static async Task<byte[]> ContentAsync(IArtifactStore store, string job, CancellationToken cancellation)
    {
        using var content = new MemoryStream();
        Stream source = await store.OpenReadAsync(NameOf(job), 0, null, cancellation).ConfigureAwait(false);
        await using (source.ConfigureAwait(false))
        {
            await source.CopyToAsync(content, cancellation).ConfigureAwait(false);
        }

        return content.ToArray();
    }
}
