using System.Collections.Immutable;
using System.Text.Json;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Pipeline.Execution;

/// <summary>Finds out which items of a plan are done already: their receipt is in the store, with everything that it names.</summary>
public static class FinishedItems
{
    private const int ReadsAtOnce = 16;

    /// <summary>Looks.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="store">The store.</param>
    /// <param name="damaged">Hears of an item whose receipt or outputs are not as they were; its receipt is removed.</param>
    /// <param name="cancellation">Stops the looking.</param>
    /// <returns>The receipts by item; of an item whose result lies outside the store none.</returns>
    /// <remarks>Cost: one listing, and a small read for each item that is done. What the outputs hold is checked when they are read.</remarks>
    /// <exception cref="ArtifactStoreException">The store cannot be read.</exception>
    public static async Task<ImmutableSortedDictionary<int, ItemReceipt>> FindAsync(
        WorkPlan plan, IArtifactStore store, Action<WorkItem, string>? damaged, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(store);
        var listed = new Dictionary<string, ArtifactInfo>(StringComparer.Ordinal);
        await foreach (ArtifactInfo found in store.ListAsync(WorkPlan.ItemPrefix, cancellation).ConfigureAwait(false))
        {
            listed[found.Name] = found;
        }

        var receipts = ImmutableSortedDictionary.CreateBuilder<int, ItemReceipt>();
        IEnumerable<WorkItem> items = plan.Graph.Items.Where(item => listed.ContainsKey(ReceiptOf(item)));
        foreach (WorkItem[] some in items.Chunk(ReadsAtOnce))
        {
            (ItemReceipt? Receipt, string? Fault)[] read = await Task.WhenAll(some.Select(item => ReadAsync(item, store, listed, cancellation))).ConfigureAwait(false);
            for (int index = 0; index < some.Length; index++)
            {
                if (read[index].Receipt is { } receipt)
                {
                    receipts[some[index].Index] = receipt;
                    continue;
                }

                await store.DeleteAsync(ReceiptOf(some[index]), cancellation).ConfigureAwait(false);
                damaged?.Invoke(some[index], read[index].Fault!);
            }
        }

        return receipts.ToImmutable();
    }

    private static async Task<(ItemReceipt? Receipt, string? Fault)> ReadAsync(
        WorkItem item, IArtifactStore store, Dictionary<string, ArtifactInfo> listed, CancellationToken cancellation)
    {
        try
        {
            using var content = new MemoryStream();
            Stream source = await store.OpenReadAsync(ReceiptOf(item), 0, null, cancellation).ConfigureAwait(false);
            await using (source.ConfigureAwait(false))
            {
                await source.CopyToAsync(content, cancellation).ConfigureAwait(false);
            }

            ItemReceipt receipt = ItemReceipt.FromJson(content.ToArray());
            foreach (ReceiptOutput output in receipt.Outputs)
            {
                string name = WorkPlan.NameOf(item.Key, output.Name);
                if (!listed.TryGetValue(name, out ArtifactInfo? found) || found.Checksum != output.Checksum)
                {
                    if (found is not null)
                    {
                        await store.DeleteAsync(name, cancellation).ConfigureAwait(false);
                    }

                    return (null, $"'{name}' of store '{store.Description}' is {(found is null ? "missing" : "not what was put")}");
                }
            }

            return (receipt, null);
        }
        catch (Exception fault) when (fault is CorruptArtifactException or ArtifactNotFoundException or JsonException)
        {
            return (null, fault.Message);
        }
    }

    private static string ReceiptOf(WorkItem item) => WorkPlan.NameOf(item.Key, ItemOutputs.Receipt);
}
