using System.Collections.Immutable;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Inputs;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;

namespace MambaQuant.Pipeline.Execution;

/// <summary>What a store holds that no job of it needs.</summary>
/// <remarks>
/// Items are listed before plans are read, and a job puts its plan before its first item; so what a job makes is never taken for garbage.
/// A file is uploaded after the plan that names it. An item without a plan that a job begins to use in between, and that is deleted then, is missed by that job as any lost input is, and made again.
/// </remarks>
public sealed class StoreGarbage
{
    private readonly IArtifactStore _store;

    private StoreGarbage(
        IArtifactStore store,
        ImmutableArray<ArtifactInfo> orphans,
        ImmutableArray<ArtifactInfo> progress,
        ImmutableArray<ArtifactInfo> snapshots,
        ImmutableArray<ArtifactInfo> inputs,
        ImmutableArray<ArtifactInfo> ofJobs,
        long keptBytes)
    {
        _store = store;
        Orphans = orphans;
        Progress = progress;
        Snapshots = snapshots;
        Inputs = inputs;
        OfJobs = ofJobs;
        KeptBytes = keptBytes;
    }

    /// <summary>What items made that no plan names; in ordinal order of the names, as all five.</summary>
    public ImmutableArray<ArtifactInfo> Orphans { get; }

    /// <summary>Progress checkpoints of items that are done.</summary>
    public ImmutableArray<ArtifactInfo> Progress { get; }

    /// <summary>Snapshots of journals that a newer one stands for, and damaged ones, of the jobs that stay.</summary>
    public ImmutableArray<ArtifactInfo> Snapshots { get; }

    /// <summary>Uploaded files that no job that stays reads.</summary>
    public ImmutableArray<ArtifactInfo> Inputs { get; }

    /// <summary>Plans, requests, journals and snapshots of the jobs that are removed.</summary>
    public ImmutableArray<ArtifactInfo> OfJobs { get; }

    /// <summary>Bytes of the items and uploaded files that stay.</summary>
    public long KeptBytes { get; }

    /// <summary>Everything that would go.</summary>
    public IEnumerable<ArtifactInfo> All => Orphans.Concat(Progress).Concat(Snapshots).Concat(Inputs).Concat(OfJobs);

    /// <summary>Looks; deletes nothing.</summary>
    /// <param name="store">The store.</param>
    /// <param name="removed">Jobs to remove: their plans count for nothing, and go with their journals.</param>
    /// <param name="cancellation">Stops the looking.</param>
    /// <exception cref="InvalidPlanException">What a job needs cannot be told, because its plan is missing or of another version; nothing can go but together with that job.</exception>
    /// <exception cref="ArtifactStoreException">The store cannot be read.</exception>
    public static async Task<StoreGarbage> FindAsync(IArtifactStore store, IReadOnlySet<string> removed, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(removed);
        List<ArtifactInfo> items = await ListAsync(store, WorkPlan.ItemPrefix, cancellation).ConfigureAwait(false);
        List<ArtifactInfo> inputs = await ListAsync(store, StoredInputs.Prefix, cancellation).ConfigureAwait(false);
        (HashSet<string> needed, HashSet<string> read) = await NeededAsync(store, removed, cancellation).ConfigureAwait(false);
        ILookup<bool, ArtifactInfo> keptInputs = inputs.ToLookup(input => read.Contains(input.Name));
        HashSet<string> done = [.. items.Where(item => OutputOf(item) == ItemOutputs.Receipt).Select(KeyOf)];
        ILookup<bool, ArtifactInfo> kept = items.ToLookup(item => needed.Contains(KeyOf(item)));
        ImmutableArray<ArtifactInfo> progress =
            [.. kept[true].Where(item => done.Contains(KeyOf(item)) && OutputOf(item).StartsWith(ItemOutputs.ProgressPrefix, StringComparison.Ordinal))];
        List<ArtifactInfo> ofJobs = [];
        foreach (string job in removed.Order(StringComparer.Ordinal))
        {
            ofJobs.AddRange(await ListAsync(store, StoredPlans.PrefixOf(job), cancellation).ConfigureAwait(false));
        }

        List<ArtifactInfo> snapshots = [];
        foreach (string job in (await StoredPlans.JobsAsync(store, cancellation).ConfigureAwait(false)).Where(job => !removed.Contains(job)))
        {
            snapshots.AddRange(await JournalSnapshots.OldAsync(store, job, cancellation).ConfigureAwait(false));
        }

        long keptBytes = kept[true].Concat(keptInputs[true]).Sum(item => item.Length) - progress.Sum(item => item.Length);
        return new StoreGarbage(store, [.. kept[false]], progress, [.. snapshots], [.. keptInputs[false]], [.. ofJobs], keptBytes);
    }

    /// <summary>Deletes what was found: of an item its receipt first, so that nobody takes it for done; of a job its plan last.</summary>
    /// <param name="cancellation">Stops between two artifacts; what is left is found again.</param>
    /// <returns>How many artifacts were deleted.</returns>
    /// <exception cref="ArtifactStoreException">The store cannot be written.</exception>
    public async Task<int> DeleteAsync(CancellationToken cancellation)
    {
        int deleted = 0;
        foreach (ArtifactInfo artifact in Orphans.OrderByDescending(item => OutputOf(item) == ItemOutputs.Receipt)
            .Concat(Progress).Concat(Snapshots).Concat(Inputs).Concat(OfJobs.OrderBy(IsPlan)))
        {
            deleted += await _store.DeleteAsync(artifact.Name, cancellation).ConfigureAwait(false) ? 1 : 0;
        }

        return deleted;
    }

    /// <summary>Keys of items, and names of uploaded files, that the jobs that stay need.</summary>
    private static async Task<(HashSet<string> Items, HashSet<string> Inputs)> NeededAsync(IArtifactStore store, IReadOnlySet<string> removed, CancellationToken cancellation)
    {
        HashSet<string> needed = new(StringComparer.Ordinal), inputs = new(StringComparer.Ordinal);
        foreach (string job in await StoredPlans.JobsAsync(store, cancellation).ConfigureAwait(false))
        {
            if (!removed.Contains(job))
            {
                WorkPlan plan = await PlanAsync(store, job, cancellation).ConfigureAwait(false);
                needed.UnionWith(plan.Graph.Items.Select(item => item.Key.Text));
                inputs.UnionWith(await InputsAsync(store, plan, cancellation).ConfigureAwait(false));
            }
        }

        return (needed, inputs);
    }

    /// <summary>What the job's request names; before there is one, or where it cannot be read, whatever its plan could mean.</summary>
    private static async Task<IEnumerable<string>> InputsAsync(IArtifactStore store, WorkPlan plan, CancellationToken cancellation)
    {
        JobRequest? request;
        try
        {
            request = await StoredRequests.FindAsync(store, plan.Id, cancellation).ConfigureAwait(false);
        }
        catch (Exception unreadable) when (unreadable is InvalidRequestException or CorruptArtifactException)
        {
            request = null;
        }

        return (request?.StoredFiles ?? plan.Request.InputHashes).Where(hash => hash.Length == ArtifactKey.Length).Select(StoredInputs.NameOf);
    }

    private static async Task<WorkPlan> PlanAsync(IArtifactStore store, string job, CancellationToken cancellation)
    {
        try
        {
            return await StoredPlans.ReadAsync(store, job, cancellation).ConfigureAwait(false);
        }
        catch (InvalidPlanException error)
        {
            throw new InvalidPlanException($"what job {job} in {store.Description} needs cannot be told, so nothing is deleted: {error.Message}", error);
        }
    }

    private static async Task<List<ArtifactInfo>> ListAsync(IArtifactStore store, string prefix, CancellationToken cancellation)
    {
        List<ArtifactInfo> found = [];
        await foreach (ArtifactInfo artifact in store.ListAsync(prefix, cancellation).ConfigureAwait(false))
        {
            found.Add(artifact);
        }

        return found;
    }

    private static bool IsPlan(ArtifactInfo artifact) => artifact.Name.Split('/') is [_, var job, _] && artifact.Name == StoredPlans.NameOf(job);

    private static string KeyOf(ArtifactInfo artifact) => artifact.Name.Split('/')[1];

    private static string OutputOf(ArtifactInfo artifact) => artifact.Name[(artifact.Name.LastIndexOf('/') + 1)..];
}
