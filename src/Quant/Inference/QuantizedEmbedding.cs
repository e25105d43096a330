using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Inference;

/// <summary>The embedding table as codes.</summary>
/// <param name="table">[V, d] codes; not owned.</param>
public sealed class QuantizedEmbedding(WeightCodes table) : IEmbedding
{
    /// <inheritdoc/>
    public Tensor Gather(IKernels kernels, ReadOnlySpan<int> tokens)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        return kernels.GatherQuantizedRows(table, tokens);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
