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
        return Enter(kernels, values, ownsValues: Rotation is not null, observer);
    }

    /// <summary>Prepares an activation that the operand takes over.</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="x">[B, L, C] F32; changed in place where the site rotates, owned by the operand from now on.</param>
    /// <param name="observer">Sees the rotated values; null for nobody.</param>
    public Operand Take(IKernels kernels, Tensor x, IActivationObserver? observer)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        if (Rotation is not null)
        {
            kernels.WalshHadamard(x, Rotation);
        }

        return Enter(kernels, x, ownsValues: true, observer);
    }

    private Operand Enter(IKernels kernels, Tensor values, bool ownsValues, IActivationObserver? observer)
    {
        bool entered = false;
        try
        {
            if (observer is not null && observer.Wants(Site))
            {
                observer.Observe(Site, values);
            }

            var operand = new Operand(values, ownsValues, Quantizer?.Quantize(kernels, values));
            entered = true;
            return operand;
        }
        finally
        {
            if (ownsValues && !entered)
            {
                values.Dispose();
            }
        }
    }

    private static Tensor Rotated(IKernels kernels, Tensor x, HadamardTransform rotation)
    {
        Tensor rotated = kernels.Clone(x);
        kernels.WalshHadamard(rotated, rotation);
        return rotated;
    }
}
