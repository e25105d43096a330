using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Models;

namespace MambaQuant.Pipeline.Execution;

/// <summary>Writes the checkpoint into a local folder, which appears whole or not at all.</summary>
/// <param name="outputPath">The folder: absent, or empty.</param>
/// <param name="runText">Makes the text of run.json when the rest is there; null for none.</param>
public sealed class FolderCheckpointSink(string outputPath, Func<string>? runText = null) : ICheckpointSink
{
    /// <inheritdoc/>
    public bool KeepsInStore => false;

    /// <summary>Bytes of the tensors that were written; 0 before.</summary>
    public long WrittenBytes { get; private set; }

    /// <inheritdoc/>
    public QuantizedCheckpointWriter Begin(MambaCheckpoint source) => new(outputPath, source);

    /// <inheritdoc/>
    public string? RunText() => runText?.Invoke();

    /// <inheritdoc/>
    public Task EndAsync(IReadOnlyList<WrittenTensor> written, Func<string, string, Task> putAsync)
    {
        ArgumentNullException.ThrowIfNull(written);
        WrittenBytes = written.Sum(tensor => tensor.SizeBytes);
        return Task.CompletedTask;
    }
}
