using System.Collections.Immutable;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Pipeline.Execution;

/// <summary>One item's dealings with the store: reads what others made, puts what it makes, and in the end the receipt.</summary>
/// <param name="plan">The job.</param>
/// <param name="item">The item.</param>
/// <param name="store">The store.</param>
/// <param name="scratch">Folder for files on their way.</param>
/// <param name="abandon">Ends every transfer.</param>
internal sealed class ItemSession(WorkPlan plan, WorkItem item, IArtifactStore store, string scratch, CancellationToken abandon)
{
    private readonly List<ReceiptOutput> _outputs = [];
    private readonly List<string> _disagreements = [];

    /// <summary>The item.</summary>
    public WorkItem Item => item;

    /// <summary>The job.</summary>
    public WorkPlan Plan => plan;

    /// <summary>Ends the item at once, nothing kept.</summary>
    public CancellationToken Abandon => abandon;

    /// <summary>Outputs of which the store held other bytes.</summary>
    public ImmutableArray<string> Disagreements => [.. _disagreements];

    /// <summary>Reads an output of another item.</summary>
    /// <typeparam name="T">What it is read into.</typeparam>
    /// <param name="producer">The other item.</param>
    /// <param name="output">Its output.</param>
    /// <param name="read">Reads a file that holds it.</param>
    /// <exception cref="InputLostException">It is missing or corrupt.</exception>
    public async Task<T> ReadAsync<T>(WorkItem producer, string output, Func<string, T> read)
    {
        string path = ScratchFile(output);
        try
        {
            await FetchAsync(producer, output, path);
            return read(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Brings an output of another item into a file.</summary>
    /// <param name="producer">The other item.</param>
    /// <param name="output">Its output.</param>
    /// <param name="path">The file to make.</param>
    /// <exception cref="InputLostException">It is missing or corrupt.</exception>
    public async Task FetchAsync(WorkItem producer, string output, string path)
    {
        string name = WorkPlan.NameOf(producer.Key, output);
        try
        {
            await DownloadAsync(name, path);
        }
        catch (ArtifactStoreException error) when (error is ArtifactNotFoundException or CorruptArtifactException)
        {
            // The receipt goes first: without it nobody takes the item for done.
            await store.DeleteAsync(WorkPlan.NameOf(producer.Key, ItemOutputs.Receipt), abandon);
            await store.DeleteAsync(name, abandon);
            throw new InputLostException(
                producer.Index, name, $"{item.Label} reads what {producer.Label} made, and it is not there as it was: {error.Message}", error);
        }
    }

    /// <summary>Reads something of this item's own that may be missing or corrupt; what is corrupt is removed.</summary>
    /// <typeparam name="T">What it is read into.</typeparam>
    /// <param name="output">The output.</param>
    /// <param name="read">Reads a file that holds it.</param>
    public async Task<T?> TryReadOwnAsync<T>(string output, Func<string, T> read)
        where T : class
    {
        string name = WorkPlan.NameOf(item.Key, output), path = ScratchFile(output);
        try
        {
            await DownloadAsync(name, path);
            return read(path);
        }
        catch (ArtifactNotFoundException)
        {
            return null;
        }
        catch (CorruptArtifactException)
        {
            await store.DeleteAsync(name, abandon);
            return null;
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Whether an output of this item is there already.</summary>
    /// <param name="output">The output.</param>
    public async Task<ArtifactInfo?> HeadAsync(string output)
    {
        string name = WorkPlan.NameOf(item.Key, output);
        try
        {
            return await store.HeadAsync(name, abandon);
        }
        catch (CorruptArtifactException)
        {
            await store.DeleteAsync(name, abandon);
            return null;
        }
    }

    /// <summary>Puts an output.</summary>
    /// <param name="output">Its name.</param>
    /// <param name="write">Writes a file with its content.</param>
    public async Task PutAsync(string output, Action<string> write)
    {
        string path = ScratchFile(output);
        try
        {
            write(path);
            await PutFileAsync(output, path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Puts an output that is a file already; the file stays.</summary>
    /// <param name="output">Its name.</param>
    /// <param name="path">The file.</param>
    public async Task PutFileAsync(string output, string path) =>
        Note(output, await store.PutIfAbsentAsync(WorkPlan.NameOf(item.Key, output), (stream, cancellation) => CopyAsync(path, stream, cancellation), abandon));

    /// <summary>Puts an output.</summary>
    /// <param name="output">Its name.</param>
    /// <param name="content">Its content.</param>
    public async Task PutAsync(string output, byte[] content) => Note(output, await store.PutIfAbsentAsync(
        WorkPlan.NameOf(item.Key, output), async (stream, cancellation) => await stream.WriteAsync(content, cancellation), abandon));

    /// <summary>Puts a progress checkpoint, which no receipt names.</summary>
    /// <param name="output">Its name.</param>
    /// <param name="write">Writes a file with its content.</param>
    public async Task PutProgressAsync(string output, Action<string> write)
    {
        string path = ScratchFile(output);
        try
        {
            write(path);
            await store.PutIfAbsentAsync(WorkPlan.NameOf(item.Key, output), (stream, cancellation) => CopyAsync(path, stream, cancellation), abandon);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Takes an output that an interrupted run of this item put for this run's.</summary>
    /// <param name="output">Its name.</param>
    /// <param name="found">What the store says of it.</param>
    public void Adopt(string output, ArtifactInfo found) => _outputs.Add(new ReceiptOutput(output, found.Length, found.Checksum));

    /// <summary>Layers after which interrupted runs left a progress checkpoint, ascending.</summary>
    public async Task<List<int>> ProgressAsync()
    {
        string prefix = WorkPlan.NameOf(item.Key, ItemOutputs.ProgressPrefix);
        var layers = new List<int>();
        await foreach (ArtifactInfo found in store.ListAsync(prefix, abandon))
        {
            if (int.TryParse(found.Name.AsSpan(prefix.Length), out int layer))
            {
                layers.Add(layer);
            }
        }

        layers.Sort();
        return layers;
    }

    /// <summary>Removes a progress checkpoint.</summary>
    /// <param name="layer">Layers that were done.</param>
    public Task ForgetProgressAsync(int layer) => store.DeleteAsync(WorkPlan.NameOf(item.Key, ItemOutputs.Progress(layer)), abandon);

    /// <summary>Reads the receipt where there is one and everything that it names is there.</summary>
    public async Task<ItemReceipt?> ReceiptAsync()
    {
        byte[]? json = await TryReadOwnAsync(ItemOutputs.Receipt, File.ReadAllBytes);
        if (json is null)
        {
            return null;
        }

        ItemReceipt receipt = ItemReceipt.FromJson(json);
        foreach (ReceiptOutput output in receipt.Outputs)
        {
            if (await HeadAsync(output.Name) is not { } found || found.Checksum != output.Checksum)
            {
                await store.DeleteAsync(WorkPlan.NameOf(item.Key, ItemOutputs.Receipt), abandon);
                return null;
            }
        }

        return receipt;
    }

    /// <summary>Puts the receipt: the item is done.</summary>
    /// <param name="tokens">Tokens that ran through layers.</param>
    public async Task<ItemReceipt> CompleteAsync(long tokens)
    {
        ItemReceipt receipt = ToReceipt(tokens);
        byte[] json = receipt.ToJson();
        await store.PutIfAbsentAsync(
            WorkPlan.NameOf(item.Key, ItemOutputs.Receipt), async (stream, cancellation) => await stream.WriteAsync(json, cancellation), abandon);
        return receipt;
    }

    /// <summary>The receipt of what was put so far.</summary>
    /// <param name="tokens">Tokens that ran through layers.</param>
    public ItemReceipt ToReceipt(long tokens) => new(item.Label, [.. _outputs.OrderBy(output => output.Name, StringComparer.Ordinal)], tokens);

    private static async Task CopyAsync(string path, Stream target, CancellationToken cancellation)
    {
        await using FileStream source = File.OpenRead(path);
        await source.CopyToAsync(target, cancellation);
    }

    private async Task DownloadAsync(string name, string path)
    {
        await using Stream source = await store.OpenReadAsync(name, 0, null, abandon);
        await using FileStream target = File.Create(path);
        await source.CopyToAsync(target, abandon);
    }

    private void Note(string output, PutOutcome outcome)
    {
        _outputs.Add(new ReceiptOutput(output, outcome.Stored.Length, outcome.Stored.Checksum));
        if (outcome.Offered != outcome.Stored.Checksum)
        {
            _disagreements.Add(output);
        }
    }

    private string ScratchFile(string output) => Path.Combine(scratch, $"{item.Index}-{output}");
}
