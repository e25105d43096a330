using System.Collections.Immutable;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Statistics;

namespace MambaQuant.Quant.Rotations;

/// <summary>The rotations of one layer, of which one may wait for the smoothing of its site.</summary>
/// <remarks>
/// The KLT of the time-step path is taken from the *smoothed* dt: with x ← x / s the second moment becomes
/// diag(1/s) Σ diag(1/s), so it is known as soon as s is, without another pass.
/// </remarks>
/// <param name="Settled">Rotations that do not depend on smoothing; no smoothing yet.</param>
/// <param name="TimeStep">Second moment of dt before smoothing, where its KLT is asked for; null otherwise.</param>
/// <param name="IsCentered">Whether that KLT subtracts the mean.</param>
public sealed record LayerRotations(LayerTransform Settled, SecondMoment? TimeStep, bool IsCentered)
{
    /// <summary>The layer's transform once smoothing factors are given.</summary>
    /// <param name="kernels">Solves the eigenproblem.</param>
    /// <param name="smoothing">Factors per smoothed site.</param>
    public LayerTransform With(IKernels kernels, IReadOnlyDictionary<SmoothingSite, ImmutableArray<double>> smoothing)
    {
        ArgumentNullException.ThrowIfNull(smoothing);
        LayerTransform transform = smoothing.Aggregate(Settled, (sum, pair) => sum.With(pair.Key, pair.Value));
        return smoothing.TryGetValue(SmoothingSite.XProjToDtProj, out ImmutableArray<double> factors)
            ? WithTimeStep(kernels, transform, factors)
            : WithTimeStep(kernels, transform, factors: null);
    }

    /// <summary>The layer's transform with other smoothing at one site; the rotation of the time-step path is computed anew only where its own site is smoothed.</summary>
    /// <param name="kernels">Solves the eigenproblem.</param>
    /// <param name="transform">A transform of these rotations.</param>
    /// <param name="site">The site.</param>
    /// <param name="factors">s; null for no smoothing there.</param>
    public LayerTransform With(IKernels kernels, LayerTransform transform, SmoothingSite site, ImmutableArray<double>? factors)
    {
        ArgumentNullException.ThrowIfNull(transform);
        LayerTransform smoothed = transform.With(site, factors);
        return site == SmoothingSite.XProjToDtProj ? WithTimeStep(kernels, smoothed, factors) : smoothed;
    }

    private LayerTransform WithTimeStep(IKernels kernels, LayerTransform transform, ImmutableArray<double>? factors)
    {
        if (TimeStep is null)
        {
            return transform;
        }

        double[]? inverse = factors is null ? null : [.. factors.Value.Select(factor => 1 / factor)];
        SecondMoment smoothed = SecondMomentTransfer.Apply(kernels, TimeStep, inverse, rotation: null, after: null);
        return transform.With(
            RotationSite.TimeStepRank, KltRotation.Compute(kernels, RotationSite.TimeStepRank, smoothed, IsCentered));
    }
}
