using System.Buffers;
using System.Text.Json;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Checkpoints;

namespace MambaQuant.Pipeline.Execution;

/// <summary>Brings the checkpoint of a job from the store into a folder, which appears whole or not at all.</summary>
public static class CheckpointDownload
{
    private const int CopyBytes = 1 << 20;
    private const string RunName = "run.json";

    /// <summary>The field of run.json that names the job of a cluster.</summary>
    internal const string JobField = "job";

    /// <summary>The job of a cluster whose checkpoint a folder holds: it appeared there whole.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>Null where it holds none, or one that another command made.</returns>
    /// <exception cref="IOException">The file that tells it cannot be read.</exception>
    public static string? JobOf(string folder)
    {
        string path = Path.Combine(folder, RunName);
        try
        {
            using JsonDocument? run = File.Exists(path) ? JsonDocument.Parse(File.ReadAllBytes(path)) : null;
            return run is { RootElement: { ValueKind: JsonValueKind.Object } root } && root.TryGetProperty(JobField, out JsonElement job) && job.ValueKind == JsonValueKind.String
                ? job.GetString()
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Downloads.</summary>
    /// <param name="store">The store.</param>
    /// <param name="plan">The job.</param>
    /// <param name="outputPath">The folder to make: absent, or empty.</param>
    /// <param name="runText">Makes the text of run.json when the rest is there: times, hosts, paths; null for none.</param>
    /// <param name="progress">Hears how far it is; null for nobody.</param>
    /// <param name="cancellation">Stops it between two pieces; nothing is left.</param>
    /// <returns>Bytes of all files that were downloaded.</returns>
    /// <remarks>
    /// Every byte is compared with the store's checksums, and each file's checksum with the receipt's, before the folder gets its name. A file that is damaged
    /// is removed together with the receipt, so that the job makes its checkpoint again from its parts.
    /// </remarks>
    /// <exception cref="OutputDirectoryException">The folder holds something, or another run writes it.</exception>
    /// <exception cref="ArtifactNotFoundException">The store has no checkpoint of the job.</exception>
    /// <exception cref="CorruptArtifactException">The checkpoint is not as it was put; what is left of it is removed.</exception>
    /// <exception cref="ArtifactStoreException">The store cannot be read.</exception>
    /// <exception cref="IOException">The disk is full or failed.</exception>
    public static async Task<long> RunAsync(
        IArtifactStore store, WorkPlan plan, string outputPath, Func<string>? runText, IProgress<DownloadProgress>? progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentException.ThrowIfNullOrWhiteSpace(outputPath);
        WorkItem assemble = plan.Find(WorkKind.Assemble)!;
        string receiptName = WorkPlan.NameOf(assemble.Key, ItemOutputs.Receipt);
        ItemReceipt receipt = await ReceiptAsync(store, plan, assemble, cancellation).ConfigureAwait(false);
        ReceiptOutput[] files = [.. receipt.Outputs.Where(output => output.Name.StartsWith(ItemOutputs.CheckpointPrefix, StringComparison.Ordinal))];
        long total = files.Sum(file => file.Length), done = 0;
        using PartialDirectory folder = PartialDirectory.Create(outputPath);
        foreach (ReceiptOutput file in files)
        {
            string name = file.Name[ItemOutputs.CheckpointPrefix.Length..];
            EnsurePlain(name, receiptName, store);
            try
            {
                long before = done;
                await FetchAsync(
                    store, WorkPlan.NameOf(assemble.Key, file.Name), file, Path.Combine(folder.Path, name),
                    count => progress?.Report(new DownloadProgress(name, before + count, total)), cancellation).ConfigureAwait(false);
                done += file.Length;
            }
            catch (ArtifactStoreException error) when (error is ArtifactNotFoundException or CorruptArtifactException)
            {
                // The receipt goes first: without it nobody takes the item for done.
                await store.DeleteAsync(receiptName, cancellation).ConfigureAwait(false);
                await store.DeleteAsync(WorkPlan.NameOf(assemble.Key, file.Name), cancellation).ConfigureAwait(false);
                string fault = error is CorruptArtifactException corrupt ? corrupt.Fault : "it is missing";
                throw new CorruptArtifactException(
                    WorkPlan.NameOf(assemble.Key, file.Name),
                    $"'{name}' of the checkpoint of job {plan.Id} in {store.Description} is not as it was put: {fault}. It is removed: run the job again, which puts the checkpoint together from its parts anew",
                    fault);
            }
        }

        if (runText is not null)
        {
            await File.WriteAllTextAsync(Path.Combine(folder.Path, RunName), runText(), cancellation).ConfigureAwait(false);
        }

        folder.Publish();
        return total;
    }

    private static async Task<ItemReceipt> ReceiptAsync(IArtifactStore store, WorkPlan plan, WorkItem assemble, CancellationToken cancellation)
    {
        string name = WorkPlan.NameOf(assemble.Key, ItemOutputs.Receipt);
        try
        {
            return await ItemReceipt.FindAsync(store, assemble.Key, cancellation).ConfigureAwait(false)
                ?? throw new ArtifactNotFoundException(name, $"job {plan.Id} has no checkpoint in {store.Description}: expected '{name}', found nothing. Wait until the job is done, or run it again");
        }
        catch (Exception error) when (error is CorruptArtifactException or JsonException)
        {
            await store.DeleteAsync(name, cancellation).ConfigureAwait(false);
            string fault = error is CorruptArtifactException corrupt ? corrupt.Fault : error.Message;
            throw new CorruptArtifactException(name, $"the receipt of the checkpoint of job {plan.Id} in {store.Description} is damaged: {fault}. It is removed: run the job again, which puts the checkpoint together from its parts anew", fault);
        }
    }

    /// <summary>A receipt that somebody altered must not write outside of the folder.</summary>
    private static void EnsurePlain(string name, string receipt, IArtifactStore store)
    {
        if (!ArtifactName.IsValid(name) || name.Contains('/', StringComparison.Ordinal))
        {
            throw new CorruptArtifactException(receipt, $"'{receipt}' of {store.Description}: expected names of files, found '{name}'. Run the job in another store");
        }
    }

    private static async Task FetchAsync(IArtifactStore store, string name, ReceiptOutput expected, string path, Action<long> read, CancellationToken cancellation)
    {
        ArtifactInfo? found = await store.HeadAsync(name, cancellation).ConfigureAwait(false);
        if (found is not null && (found.Checksum != expected.Checksum || found.Length != expected.Length))
        {
            throw new CorruptArtifactException(name, $"'{name}' is another", $"expected {expected.Length} bytes of checksum {expected.Checksum}, found {found.Length} of {found.Checksum}");
        }

        Stream source = await store.OpenReadAsync(name, 0, null, cancellation).ConfigureAwait(false);
        await using (source.ConfigureAwait(false))
        {
            FileStream target = File.Create(path);
            await using (target.ConfigureAwait(false))
            {
                byte[] buffer = ArrayPool<byte>.Shared.Rent(CopyBytes);
                try
                {
                    long done = 0;
                    for (int count; (count = await source.ReadAsync(buffer, cancellation).ConfigureAwait(false)) > 0;)
                    {
                        await target.WriteAsync(buffer.AsMemory(0, count), cancellation).ConfigureAwait(false);
                        read(done += count);
                    }
                }
                finally
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                }
            }
        }
    }
}
