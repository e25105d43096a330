using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Inference;

/// <summary>A linear module with float weights behind a quantized input: the values that the codes stand for are multiplied in fp32.</summary>
/// <param name="weight">[O, I] F32; not owned.</param>
/// <param name="bias">[O] F32, or null; not owned.</param>
public sealed class DequantizingProjection(Tensor weight, Tensor? bias) : IProjection
{
    /// <inheritdoc/>
    public Tensor Apply(IKernels kernels, Operand x)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        ArgumentNullException.ThrowIfNull(x);
        if (x.Codes is not { } codes)
        {
            return kernels.Linear(x.Values, weight, bias);
        }

        using Tensor values = kernels.Dequantize(codes);
        return kernels.Linear(values, weight, bias);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
