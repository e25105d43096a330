using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Models;

/// <summary>A linear module, y = x Wᵀ + b, in float or quantized.</summary>
public interface IProjection : IDisposable
{
    /// <summary>Applies the module.</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="x">[..., I].</param>
    /// <returns>[..., O] F32.</returns>
    Tensor Apply(IKernels kernels, Operand x);
}
