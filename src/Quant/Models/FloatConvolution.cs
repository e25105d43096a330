using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Models;

/// <summary>The convolution in fp32.</summary>
/// <param name="taps">[E, K] F32; not owned.</param>
/// <param name="bias">[E] F32, or null; not owned.</param>
public sealed class FloatConvolution(Tensor taps, Tensor? bias) : IConvolution
{
    /// <inheritdoc/>
    public Tensor Apply(IKernels kernels, Operand extended) => kernels.CausalConvolutionSilu(extended.Values, taps, bias);

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
