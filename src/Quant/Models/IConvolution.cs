using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Models;

/// <summary>The causal depthwise convolution with SiLU, in float or quantized.</summary>
public interface IConvolution : IDisposable
{
    /// <summary>Applies the module.</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="extended">[B, K−1+L, E], the last inputs before the sequence in front.</param>
    /// <returns>[B, L, E] F32.</returns>
    Tensor Apply(IKernels kernels, Operand extended);
}
