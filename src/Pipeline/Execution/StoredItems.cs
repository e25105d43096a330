using System.Collections.Immutable;
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
    /// <remarks>Cost: one listing of all items of the store; nothing is read.</remarks>
    /// <exception cref="ArtifactStoreException">The store cannot be reached or read.</exception>
    public static async Task<ImmutableArray<FinishedItem>> FindAsync(IArtifactStore store, WorkPlan plan, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(plan);
        HashSet<string> keys = [.. plan.Graph.Items.Select(item => item.Key.Text)];
        var found = new Dictionary<string, ArtifactInfo>(StringComparer.Ordinal);
        await foreach (ArtifactInfo artifact in store.ListAsync(WorkPlan.ItemPrefix, cancellation))
        {
            if (!artifact.IsDamaged && artifact.Name.Length > WorkPlan.ItemPrefix.Length + ArtifactKey.Length
                && keys.Contains(artifact.Name.Substring(WorkPlan.ItemPrefix.Length, ArtifactKey.Length)))
            {
                found[artifact.Name] = artifact;
            }
        }

        return [.. plan.Graph.Items.Select(item => Finished(plan, item, found)).OfType<FinishedItem>()];
    }

    private static FinishedItem? Finished(WorkPlan plan, WorkItem item, Dictionary<string, ArtifactInfo> found)
    {
        if (!found.ContainsKey(WorkPlan.NameOf(item.Key, ItemOutputs.Receipt)))
        {
            return null;
        }

        var outputs = ImmutableArray.CreateBuilder<ReceiptOutput>();
        foreach (string output in plan.OutputsOf(item).Order(StringComparer.Ordinal))
        {
            if (!found.TryGetValue(WorkPlan.NameOf(item.Key, output), out ArtifactInfo? artifact))
            {
                return null;
            }

            outputs.Add(new ReceiptOutput(output, artifact.Length, artifact.Checksum));
        }

        return new FinishedItem(item.Index, new ItemReceipt(item.Label, outputs.DrainToImmutable(), 0).Checksum);
    }
}
