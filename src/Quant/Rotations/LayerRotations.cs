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
        if (TimeStep is null)
        {
            return transform;
        }

        double[]? inverse = smoothing.TryGetValue(SmoothingSite.XProjToDtProj, out ImmutableArray<double> factors)
            ? [.. factors.Select(factor => 1 / factor)]
            : null;
        SecondMoment smoothed = SecondMomentTransfer.Apply(kernels, TimeStep, inverse, rotation: null, after: null);
        return transform.With(
            RotationSite.TimeStepRank, KltRotation.Compute(kernels, RotationSite.TimeStepRank, smoothed, IsCentered));
    }
}
