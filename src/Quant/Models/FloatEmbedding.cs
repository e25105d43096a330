using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Models;

/// <summary>The embedding table in fp32.</summary>
/// <param name="table">[V, d] F32; owned.</param>
public sealed class FloatEmbedding(Tensor table) : IEmbedding
{
    /// <inheritdoc/>
    public Tensor Gather(IKernels kernels, ReadOnlySpan<int> tokens) => kernels.GatherRows(table, tokens);

    /// <inheritdoc/>
    public void Dispose() => table.Dispose();
}
