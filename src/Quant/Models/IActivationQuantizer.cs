using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Models;

/// <summary>Turns the activations of one site into codes.</summary>
public interface IActivationQuantizer
{
    /// <summary>Quantizes.</summary>
    /// <param name="kernels">The backend of the tensor.</param>
    /// <param name="x">[..., C] F32.</param>
    ActivationCodes Quantize(IKernels kernels, Tensor x);
}
