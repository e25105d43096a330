using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Models;

namespace MambaQuant.Pipeline.Execution;

/// <summary>Writes the checkpoint into a folder of the worker's own, then file by file into the store; the item's receipt names them.</summary>
/// <remarks>
/// There is no run.json among them: what lies in the store depends on the item's key only (<see cref="CheckpointDownload"/> has the caller's). Disk: the
/// checkpoint, and for a moment its largest part twice, until the files are put.
/// </remarks>
/// <param name="folder">A folder that nobody else uses; made, emptied and removed.</param>
public sealed class StoreCheckpointSink(string folder) : ICheckpointSink
{
    /// <inheritdoc/>
    public bool KeepsInStore => true;

    /// <inheritdoc/>
    public QuantizedCheckpointWriter Begin(MambaCheckpoint source)
    {
        Remove();
        return new QuantizedCheckpointWriter(folder, source);
    }

    /// <summary>None.</summary>
    public string? RunText() => null;

    /// <inheritdoc/>
    public async Task EndAsync(IReadOnlyList<WrittenTensor> written, Func<string, string, Task> putAsync)
    {
        ArgumentNullException.ThrowIfNull(putAsync);
        try
        {
            foreach (string name in Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal))
            {
                await putAsync(ItemOutputs.Checkpoint(name), Path.Combine(folder, name)).ConfigureAwait(false);
            }
        }
        finally
        {
            Remove();
        }
    }

    private void Remove()
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
