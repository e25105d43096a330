using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Models;

namespace MambaQuant.Pipeline.Execution;

/// <summary>Where the quantized checkpoint goes in the end.</summary>
public interface ICheckpointSink
{
    /// <summary>Whether the checkpoint comes to lie in the store; then the item has a receipt, and is not done twice.</summary>
    bool KeepsInStore { get; }

    /// <summary>Starts the checkpoint.</summary>
    /// <param name="source">The float checkpoint.</param>
    /// <returns>A writer; the caller completes and disposes it.</returns>
    /// <exception cref="OutputDirectoryException">The place is taken.</exception>
    QuantizedCheckpointWriter Begin(MambaCheckpoint source);

    /// <summary>The text of run.json: times, hosts, paths; null for none.</summary>
    string? RunText();

    /// <summary>The checkpoint is complete.</summary>
    /// <param name="written">Its tensors.</param>
    /// <param name="putAsync">Puts a file as an output of the item: the output's name, and the file's path. For sinks that keep in the store.</param>
    Task EndAsync(IReadOnlyList<WrittenTensor> written, Func<string, string, Task> putAsync);
}
