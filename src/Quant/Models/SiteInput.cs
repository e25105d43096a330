using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Models;

/// <summary>What happens to an activation at a site before its consumers read it: rotate, observe, quantize, in this order.</summary>
/// <param name="Site">The site.</param>
/// <param name="Rotation">The online rotation over the channels, or null; not owned.</param>
/// <param name="Quantizer">The quantizer, or null for a float site.</param>
public sealed record SiteInput(ActivationSite Site, HadamardTransform? Rotation = null, IActivationQuantizer? Quantizer = null)
{
    /// <summary>Prepares an activation.</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="x">[B, L, C] F32; stays as it is and must outlive the operand.</param>
    /// <param name="observer">Sees the rotated values; null for nobody.</param>
    public Operand Enter(IKernels kernels, Tensor x, IActivationObserver? observer)
    {
        Tensor values = Rotation is null ? x : Rotated(kernels, x, Rotation);
        if (observer is not null && observer.Wants(Site))
        {
            observer.Observe(Site, values);
        }

        return new Operand(values, ownsValues: Rotation is not null, Quantizer?.Quantize(kernels, values));
    }

    private static Tensor Rotated(IKernels kernels, Tensor x, HadamardTransform rotation)
    {
        Tensor rotated = kernels.Clone(x);
        kernels.WalshHadamard(rotated, rotation);
        return rotated;
    }
}
