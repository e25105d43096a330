using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Models;

/// <summary>The embedding table, in float or quantized.</summary>
public interface IEmbedding : IDisposable
{
    /// <summary>Picks the rows of tokens.</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="tokens">Token ids.</param>
    /// <returns>[tokens, d] F32.</returns>
    Tensor Gather(IKernels kernels, ReadOnlySpan<int> tokens);
}
