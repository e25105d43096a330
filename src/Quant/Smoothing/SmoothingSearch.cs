using System.Collections.Immutable;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Statistics;

namespace MambaQuant.Quant.Smoothing;

/// <summary>Chooses the smoothing factors of one layer, site after site in the family's order, earlier choices kept.</summary>
/// <remarks>
/// A searched site tries no smoothing and every α of its grid; the candidate whose quantized block (round to nearest, all rotations on)
/// is nearest to the float block wins, the first of equals. Ranges come from one half of the sampled sequences, errors from the other.
/// Source: the candidates are SmoothQuant's (arXiv 2211.10438); the search is ours, the published code fixes α = 0.5.
/// </remarks>
public static class SmoothingSearch
{
    /// <summary>Chooses.</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="family">Sites and their folds.</param>
    /// <param name="sites">Sites to smooth and how strongly: a fixed α, or null with a grid to search.</param>
    /// <param name="weights">The layer's weights, with the residual rotation folded in already.</param>
    /// <param name="statistics">Magnitudes at the sites, before any smoothing, over all calibration tokens, in the basis of the weights.</param>
    /// <param name="rotations">The layer's other rotations.</param>
    /// <param name="trial">Measures candidates; null where no site is searched.</param>
    /// <param name="stepped">Hears after each candidate how many were weighed, and how many there are; null for nobody.</param>
    /// <param name="cancellation">Stops between candidates.</param>
    /// <returns>One choice per site, in the family's order.</returns>
    /// <exception cref="ArgumentException">A site is searched, but there is no trial.</exception>
    /// <exception cref="OperationCanceledException">The search was stopped.</exception>
    public static ImmutableArray<SmoothingChoice> Choose(
        IKernels kernels,
        ModelFamily family,
        IReadOnlyDictionary<SmoothingSite, SmoothingGrid> sites,
        LayerWeights weights,
        LayerStatistics statistics,
        LayerRotations rotations,
        BlockTrial? trial,
        Action<int, int>? stepped = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(family);
        ArgumentNullException.ThrowIfNull(sites);
        ArgumentNullException.ThrowIfNull(rotations);
        LayerTransform chosen = rotations.With(kernels, ImmutableDictionary<SmoothingSite, ImmutableArray<double>>.Empty);
        double? chosenError = null;
        int weighed = 0, all = sites.Values.Sum(grid => grid.Alpha is null ? grid.Candidates.Length + 1 : 1);
        var choices = ImmutableArray.CreateBuilder<SmoothingChoice>();
        foreach (SmoothingSiteDefinition definition in family.Smoothings.Where(definition => sites.ContainsKey(definition.Site)))
        {
            SmoothingGrid grid = sites[definition.Site];
            float[] activations = SmoothingMagnitudes.OfActivation(definition, statistics);
            float[] consumers = SmoothingMagnitudes.OfConsumer(kernels, definition, weights, statistics);
            ImmutableArray<double> Factors(double alpha) => [.. SmoothingFactors.Compute(activations, consumers, alpha)];

            SmoothingChoice choice = grid.Alpha is { } alpha
                ? new SmoothingChoice(definition.Site, alpha, Factors(alpha), [])
                : Search(definition.Site, grid, Factors, Weigh);
            weighed += grid.Alpha is null ? 0 : 1;
            stepped?.Invoke(weighed, all);
            choices.Add(choice);
            chosen = With(choice.Factors);
            chosenError = choice.Candidates.IsEmpty ? null : choice.Candidates.Min(candidate => candidate.Error);

            double Weigh(ImmutableArray<double>? candidate)
            {
                double error = Error(candidate);
                stepped?.Invoke(++weighed, all);
                return error;
            }

            double Error(ImmutableArray<double>? candidate)
            {
                cancellation.ThrowIfCancellationRequested();
                if (candidate is null && chosenError is { } known)
                {
                    // No smoothing here is what the site before chose.
                    return known;
                }

                return trial is null
                    ? throw new ArgumentException($"the site {definition.Site} is searched, but no sequences were sampled", nameof(trial))
                    : trial.RelativeError(weights, With(candidate));
            }

            LayerTransform With(ImmutableArray<double>? factors) => rotations.With(kernels, chosen, definition.Site, factors);
        }

        return choices.DrainToImmutable();
    }

    private static SmoothingChoice Search(
        SmoothingSite site, SmoothingGrid grid, Func<double, ImmutableArray<double>> factors, Func<ImmutableArray<double>?, double> error)
    {
        var candidates = ImmutableArray.CreateBuilder<SmoothingCandidate>(grid.Candidates.Length + 1);
        candidates.Add(new SmoothingCandidate(null, error(null)));
        foreach (double alpha in grid.Candidates)
        {
            candidates.Add(new SmoothingCandidate(alpha, error(factors(alpha))));
        }

        SmoothingCandidate best = candidates.MinBy(candidate => candidate.Error);
        return new SmoothingChoice(
            site, best.Alpha, best.Alpha is { } chosen ? factors(chosen) : null, candidates.DrainToImmutable());
    }
}
