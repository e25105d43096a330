using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Inference;

/// <summary>A linear module whose weights are codes.</summary>
/// <remarks>With codes at its input the product is one of integers; with a float input (weight-only schemes) weights are dequantized tile by tile.</remarks>
/// <param name="weight">[O, I] codes; not owned.</param>
/// <param name="bias">[O] F32, or null; not owned.</param>
/// <param name="arithmetic">Integer, or its fp64 reference.</param>
public sealed class QuantizedProjection(WeightCodes weight, Tensor? bias, QuantizedArithmetic arithmetic) : IProjection
{
    /// <inheritdoc/>
    public Tensor Apply(IKernels kernels, Operand x)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        ArgumentNullException.ThrowIfNull(x);
        return x.Codes is { } codes
            ? kernels.QuantizedLinear(codes, weight, bias, arithmetic)
            : kernels.WeightOnlyLinear(x.Values, weight, bias);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
