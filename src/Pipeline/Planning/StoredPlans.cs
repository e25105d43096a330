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

    /// <summary>Puts a plan; one that is there stays.</summary>
    /// <param name="store">The store.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <exception cref="ArtifactStoreException">The store cannot be written.</exception>
    public static Task PutAsync(IArtifactStore store, WorkPlan plan, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(plan);
        byte[] document = PlanDocument.Write(plan);
        return store.PutIfAbsentAsync(NameOf(plan.Id), async (stream, token) => await stream.WriteAsync(document, token).ConfigureAwait(false), cancellation);
    }

    /// <summary>Reads a plan.</summary>
    /// <param name="store">The store.</param>
    /// <param name="job">Identity of the job.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <exception cref="ArtifactNotFoundException">The store has no such plan.</exception>
    /// <exception cref="InvalidPlanException">It is no plan, or one of another version of the program.</exception>
    /// <exception cref="ArtifactStoreException">The store cannot be read, or the plan is corrupt.</exception>
    public static async Task<WorkPlan> ReadAsync(IArtifactStore store, string job, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(store);
        using var content = new MemoryStream();
        Stream source = await store.OpenReadAsync(NameOf(job), 0, null, cancellation).ConfigureAwait(false);
        await using (source.ConfigureAwait(false))
        {
            await source.CopyToAsync(content, cancellation).ConfigureAwait(false);
        }

        return PlanDocument.Read(content.ToArray(), $"{NameOf(job)} of {store.Description}");
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
}
