using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Quantization;

/// <summary>The quantizer of one activation site, ready to run.</summary>
/// <param name="Args">How it quantizes.</param>
/// <param name="Scale">The fixed scale; unused when dynamic.</param>
/// <param name="ZeroPoint">The fixed zero point; 0 when symmetric, unused when dynamic.</param>
public sealed record SiteQuantization(QuantizationArgs Args, float Scale, int ZeroPoint) : IActivationQuantizer
{
    /// <inheritdoc/>
    public ActivationCodes Quantize(IKernels kernels, Tensor x)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        return Args.Dynamic
            ? kernels.QuantizeActivationPerToken(x, Args.Grid)
            : kernels.QuantizeActivation(x, Args.Grid, Scale, ZeroPoint);
    }
}
