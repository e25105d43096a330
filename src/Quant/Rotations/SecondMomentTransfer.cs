using System.Collections.Immutable;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Rotations;

/// <summary>Carries second moments over to the transformed model by algebra, so that they need not be measured twice.</summary>
/// <remarks>
/// Where activations become x T, Σ x becomes (Σ x) T and Σ x xᵀ becomes Tᵀ (Σ x xᵀ) T: exact for uncentred sums, up to the
/// fp32 of the activations themselves. In fp64; the same inputs and numerics profile give the same bits.
/// </remarks>
public static class SecondMomentTransfer
{
    /// <summary>The moment at a site of a transformed layer: T = diag(1/s) · R of the site.</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="family">The family's tables.</param>
    /// <param name="site">The input of a linear inside the block (x_proj, dt_proj, out_proj); for in_proj and head see <see cref="ToNormOutput"/>.</param>
    /// <param name="moment">The moment at this site in the original model.</param>
    /// <param name="transform">The layer's transform.</param>
    /// <exception cref="ArgumentException">The site reads the norm's output, or the widths differ.</exception>
    public static SecondMoment ToSite(
        IKernels kernels, ModelFamily family, ActivationSite site, SecondMoment moment, LayerTransform transform)
    {
        ArgumentNullException.ThrowIfNull(family);
        ArgumentNullException.ThrowIfNull(transform);
        if (family.Rotation(RotationSite.ResidualStream).Activation == site)
        {
            throw new ArgumentException(
                $"'{site}' is the norm's output, whose weight folds: carry the moment of '{ActivationSite.ResidualStream}' over with {nameof(ToNormOutput)}", nameof(site));
        }

        SmoothingSiteDefinition? smoothing = family.Smoothings.FirstOrDefault(definition => definition.Activation == site);
        RotationSiteDefinition? rotation = family.Rotations.FirstOrDefault(definition => definition.Activation == site);
        ImmutableArray<double>? factors = smoothing is null ? null : transform.Find(smoothing.Site);
        return Apply(
            kernels,
            moment,
            factors is null ? null : Array.ConvertAll(factors.Value.ToArray(), factor => 1 / factor),
            rotation is null ? null : transform.Find(rotation.Site),
            after: null);
    }

    /// <summary>The moment at the output of a folded norm, which in_proj or the head reads: T = R · diag(folded norm weight).</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="residualStream">The moment of r / rms(r) in the original model.</param>
    /// <param name="residual">The rotation of the residual stream, or null.</param>
    /// <param name="foldedNorm">The norm weight after folding, [d] F32: γ/s without the rotation, 1/s with it (s = 1 where nothing is smoothed).</param>
    /// <exception cref="ArgumentException">The widths differ.</exception>
    public static SecondMoment ToNormOutput(IKernels kernels, SecondMoment residualStream, Rotation? residual, Tensor foldedNorm)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        ArgumentNullException.ThrowIfNull(foldedNorm);
        double[] weight = Array.ConvertAll(kernels.ToArray<float>(foldedNorm), value => (double)value);
        return Apply(kernels, residualStream, before: null, residual, weight);
    }

    /// <summary>The moment of activations that become diag(before) · R · diag(after) of what they were.</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="moment">The moment before.</param>
    /// <param name="before">Factors per channel, ahead of the rotation; null for none.</param>
    /// <param name="rotation">R; null for none.</param>
    /// <param name="after">Factors per channel, behind the rotation; null for none.</param>
    /// <remarks>Cost: 2·C³ multiply-adds for a KLT rotation, a fast transform twice for a Hadamard one; 16·C² bytes on the device.</remarks>
    /// <exception cref="ArgumentException">The widths differ.</exception>
    public static SecondMoment Apply(IKernels kernels, SecondMoment moment, double[]? before, Rotation? rotation, double[]? after)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        ArgumentNullException.ThrowIfNull(moment);
        int channels = moment.Channels;
        EnsureWidth(nameof(before), before?.Length, channels);
        EnsureWidth(nameof(rotation), rotation?.Width, channels);
        EnsureWidth(nameof(after), after?.Length, channels);
        if (before is null && rotation is null && after is null)
        {
            return moment;
        }

        using Tensor outer = PackedTriangle.Upload(kernels, moment.Packed, channels);
        using Tensor sum = kernels.Upload(moment.Sum, new Shape(1, channels));
        Scale(kernels, outer, sum, before);
        if (rotation is not null)
        {
            using var loaded = new LoadedRotation(kernels, rotation);
            loaded.MultiplyFromRight(sum);
            loaded.MultiplyFromRight(outer);
            loaded.MultiplyTransposedFromLeft(outer);
        }

        Scale(kernels, outer, sum, after);
        return new SecondMoment(moment.Count, kernels.ToArray<double>(sum), PackedTriangle.Download(kernels, outer));
    }

    private static void Scale(IKernels kernels, Tensor outer, Tensor sum, double[]? factors)
    {
        if (factors is null)
        {
            return;
        }

        using Tensor uploaded = kernels.Upload<double>(factors, new Shape(factors.Length));
        kernels.ScaleColumns(sum, uploaded);
        kernels.ScaleColumns(outer, uploaded);
        kernels.ScaleRows(outer, uploaded);
    }

    private static void EnsureWidth(string what, int? found, int channels)
    {
        if (found is not null && found != channels)
        {
            throw new ArgumentException($"{channels} channels are expected, found {found}; the transform is of another model", what);
        }
    }
}
