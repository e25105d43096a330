using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Rotations;

/// <summary>The KLT-enhanced rotation: T = K · H, with the eigenvectors K of the covariance of the activations themselves.</summary>
/// <remarks>
/// C = K Λ Kᵀ; after x ← x K H the covariance is Hᵀ Λ H, and since every |H_ij| = 1/sqrt(w), each entry of its diagonal is
/// tr(Λ) / w: all channels have the same variance, whatever the order and signs of the eigenvectors, and H still spreads
/// outliers. Source: MambaQuant, arXiv 2501.13484, KLT-enhanced rotation.
/// </remarks>
public static class KltRotation
{
    /// <summary>Makes the rotation of a site.</summary>
    /// <param name="kernels">The backend that solves the eigenproblem.</param>
    /// <param name="site">The site, for messages.</param>
    /// <param name="moment">Second moment of what is going to be rotated: smoothed already where the site is smoothed, without norm weight.</param>
    /// <param name="centered">Whether K comes from the covariance Σ x xᵀ / n − μ μᵀ; else from Σ x xᵀ / n.</param>
    /// <remarks>
    /// Order: eigenvalues ascending, the largest entry of each eigenvector positive, so that the same moment and numerics profile give
    /// the same bits. A covariance of low rank is fine: its null space gets some orthonormal basis. Cost: about 9·w³ multiply-adds.
    /// </remarks>
    /// <exception cref="UnsupportedSiteException">There is no Hadamard matrix of this width; names site and width.</exception>
    /// <exception cref="InvalidOperationException">The moment holds no tokens.</exception>
    /// <exception cref="NumericalException">The eigenproblem has no answer.</exception>
    public static Rotation Compute(IKernels kernels, RotationSite site, SecondMoment moment, bool centered)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        ArgumentNullException.ThrowIfNull(moment);
        int width = moment.Channels;
        _ = Rotation.Hadamard(site, width);
        using Tensor covariance = kernels.Upload<double>(moment.Covariance(centered), new Shape(width, width));
        (Tensor values, Tensor vectors) = kernels.SymmetricEigen(covariance);
        using (values)
        using (vectors)
        {
            return Rotation.Klt(site, width, kernels.ToArray<double>(vectors));
        }
    }
}
