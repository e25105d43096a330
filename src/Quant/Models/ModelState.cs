using MambaQuant.Quant.Kernels;

namespace MambaQuant.Quant.Models;

/// <summary>The states of all blocks of a model.</summary>
public sealed class ModelState : IDisposable
{
    private ModelState(IReadOnlyList<BlockState> blocks)
    {
        Blocks = blocks;
    }

    /// <summary>A state per block.</summary>
    public IReadOnlyList<BlockState> Blocks { get; }

    /// <summary>The state before the first token.</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="config">The model's dimensions.</param>
    /// <param name="batch">Number of sequences.</param>
    public static ModelState Zero(IKernels kernels, MambaConfig config, int batch)
    {
        ArgumentNullException.ThrowIfNull(config);
        return new ModelState([.. Enumerable.Range(0, config.LayerCount).Select(_ => BlockState.Zero(kernels, config, batch))]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (BlockState block in Blocks)
        {
            block.Dispose();
        }
    }
}
