using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Inference;

/// <summary>The convolution with quantized taps, input, or both.</summary>
/// <remarks>Integer where both are codes. Where only one is, it is dequantized: four taps a channel are no work worth a kernel of its own.</remarks>
/// <param name="taps">[E, K] codes, or null where the taps are float; not owned.</param>
/// <param name="floatTaps">[E, K] F32: the taps, or the values of their codes; not owned.</param>
/// <param name="bias">[E] F32, or null; not owned.</param>
/// <param name="arithmetic">Integer, or its fp64 reference.</param>
public sealed class QuantizedConvolution(WeightCodes? taps, Tensor floatTaps, Tensor? bias, QuantizedArithmetic arithmetic) : IConvolution
{
    /// <inheritdoc/>
    public Tensor Apply(IKernels kernels, Operand extended)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        ArgumentNullException.ThrowIfNull(extended);
        if (extended.Codes is not { } codes)
        {
            return kernels.CausalConvolutionSilu(extended.Values, floatTaps, bias);
        }

        if (taps is not null)
        {
            return kernels.QuantizedCausalConvolutionSilu(codes, taps, bias, arithmetic);
        }

        using Tensor values = kernels.Dequantize(codes);
        return kernels.CausalConvolutionSilu(values, floatTaps, bias);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
