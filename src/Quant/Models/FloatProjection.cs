using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Models;

/// <summary>A linear module in fp32.</summary>
/// <param name="weight">[O, I] F32; not owned, a view or a tensor of <see cref="LayerWeights"/>.</param>
/// <param name="bias">[O] F32, or null; not owned.</param>
public sealed class FloatProjection(Tensor weight, Tensor? bias) : IProjection
{
    /// <inheritdoc/>
    public Tensor Apply(IKernels kernels, Operand x) => kernels.Linear(x.Values, weight, bias);

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
