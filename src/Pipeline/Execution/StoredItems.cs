using System.Collections.Immutable;
using System.Text.Json;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;

namespace MambaQuant.Pipeline.Execution;

/// <summary>Finds out which items of a plan are done already, by this job or another.</summary>
public static class StoredItems
{
    /// <summary>The items whose receipt and outputs are all there.</summary>
    /// <param name="store">The store.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="cancellation">Stops the listing.</param>
    /// <returns>In the order of the plan, with the checksum that their receipt has.</returns>
    /// <remarks>Cost: one listing of all items of the store; nothing is read but the receipt of a checkpoint, so what an artifact holds is checked when it is used.</remarks>
    /// <exception cref="ArtifactStoreException">The store cannot be reached or read.</exception>
    public static Task<ImmutableArray<FinishedItem>> FindAsync(IArtifactStore store, WorkPlan plan, CancellationToken cancellation) =>
        FindAsync(store, plan, damaged: null, cancellation);

    /// <summary>The items whose receipt and outputs are all there; of those that were done and are not whole any more what is left is removed.</summary>
    /// <param name="store">The store.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="damaged">Hears of an item that is not whole, and what is wrong; null leaves everything as it is.</param>
    /// <param name="cancellation">Stops the listing.</param>
    /// <returns>In the order of the plan, with the checksum that their receipt has.</returns>
    /// <exception cref="ArtifactStoreException">The store cannot be reached or read.</exception>
    public static async Task<ImmutableArray<FinishedItem>> FindAsync(
        IArtifactStore store, WorkPlan plan, Action<WorkItem, string>? damaged, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(plan);
        HashSet<string> keys = [.. plan.Graph.Items.Select(item => item.Key.Text)];
        var found = new Dictionary<string, ArtifactInfo>(StringComparer.Ordinal);
        await foreach (ArtifactInfo artifact in store.ListAsync(WorkPlan.ItemPrefix, cancellation))
        {
            if (artifact.Name.Length > WorkPlan.ItemPrefix.Length + ArtifactKey.Length
                && keys.Contains(artifact.Name.Substring(WorkPlan.ItemPrefix.Length, ArtifactKey.Length)))
            {
                found[artifact.Name] = artifact;
            }
        }

        var finished = ImmutableArray.CreateBuilder<FinishedItem>();
        foreach (WorkItem item in plan.Graph.Items.Where(item => found.ContainsKey(WorkPlan.NameOf(item.Key, ItemOutputs.Receipt))))
        {
            // Of a checkpoint only its receipt knows the files.
            ImmutableArray<ReceiptOutput>? named = item.Kind == WorkKind.Assemble ? await NamedAsync(store, item, cancellation) : null;
            ImmutableArray<string> outputs = named is { } files ? [.. files.Select(output => output.Name)] : plan.OutputsOf(item);
            bool isKnown = item.Kind != WorkKind.Assemble || named is not null;
            if (isKnown && Finished(item, outputs, found) is { } whole && (named is null || IsAsNamed(item, named.Value, found)))
            {
                finished.Add(whole);
            }
            else if (damaged is not null)
            {
                await ClearAsync(store, outputs, item, found, damaged, cancellation);
            }
        }

        return finished.DrainToImmutable();
    }

    /// <summary>Removes the receipt of an item that is not whole, and what is damaged, so that it is made anew.</summary>
    private static async Task ClearAsync(
        IArtifactStore store,
        ImmutableArray<string> outputs,
        WorkItem item,
        Dictionary<string, ArtifactInfo> found,
        Action<WorkItem, string> damaged,
        CancellationToken cancellation)
    {
        var faults = new List<string>();
        foreach (string name in outputs.Append(ItemOutputs.Receipt).Select(output => WorkPlan.NameOf(item.Key, output)))
        {
            bool isThere = found.TryGetValue(name, out ArtifactInfo? artifact);
            if (!isThere || artifact!.IsDamaged)
            {
                faults.Add($"'{name}' of store '{store.Description}' is {(isThere ? "damaged" : "missing")}");
                await store.DeleteAsync(name, cancellation);
            }
        }

        await store.DeleteAsync(WorkPlan.NameOf(item.Key, ItemOutputs.Receipt), cancellation);
        damaged(item, string.Join("; ", faults));
    }

    private static FinishedItem? Finished(WorkItem item, ImmutableArray<string> names, Dictionary<string, ArtifactInfo> found)
    {
        if (found[WorkPlan.NameOf(item.Key, ItemOutputs.Receipt)].IsDamaged)
        {
            return null;
        }

        var outputs = ImmutableArray.CreateBuilder<ReceiptOutput>();
        foreach (string output in names.Order(StringComparer.Ordinal))
        {
            if (!found.TryGetValue(WorkPlan.NameOf(item.Key, output), out ArtifactInfo? artifact) || artifact.IsDamaged)
            {
                return null;
            }

            outputs.Add(new ReceiptOutput(output, artifact.Length, artifact.Checksum));
        }

        return new FinishedItem(item.Index, new ItemReceipt(item.Label, outputs.DrainToImmutable(), 0).Checksum);
    }

    private static bool IsAsNamed(WorkItem item, ImmutableArray<ReceiptOutput> named, Dictionary<string, ArtifactInfo> found) =>
        named.All(output => found[WorkPlan.NameOf(item.Key, output.Name)].Checksum == output.Checksum);

    /// <summary>What the receipt of an item names; nothing where it cannot be read.</summary>
    private static async Task<ImmutableArray<ReceiptOutput>?> NamedAsync(IArtifactStore store, WorkItem item, CancellationToken cancellation)
    {
        try
        {
            return (await ItemReceipt.FindAsync(store, item.Key, cancellation))?.Outputs;
        }
        catch (Exception unreadable) when (unreadable is CorruptArtifactException or JsonException)
        {
            return null;
        }
    }
}
