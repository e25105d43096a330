using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Models;

/// <summary>Looks at activations while a block runs; what it keeps is its own business.</summary>
public interface IActivationObserver
{
    /// <summary>Whether a site is looked at, so that a value made only for the observer need not be made.</summary>
    /// <param name="site">The site.</param>
    bool Wants(ActivationSite site);

    /// <summary>Sees the values at a site, as they would be quantized: smoothed, rotated, still fp32.</summary>
    /// <param name="site">The site.</param>
    /// <param name="values">[B, L, C] F32; not to be kept or changed.</param>
    void Observe(ActivationSite site, Tensor values);

    /// <summary>Accumulators for the state inside the scan, or null.</summary>
    ScanObservation? Scan { get; }
}
