using System.Collections.Immutable;
using MambaQuant.Quant.Models;

namespace MambaQuant.Quant.Smoothing;

/// <summary>What was chosen at one smoothing site of one layer.</summary>
/// <param name="Site">The site.</param>
/// <param name="Alpha">The migration strength; null where no smoothing was best.</param>
/// <param name="Factors">s, geometric mean 1; null where no smoothing was best.</param>
/// <param name="Candidates">Every candidate tried, with the error that decided; empty where α was fixed.</param>
public sealed record SmoothingChoice(
    SmoothingSite Site, double? Alpha, ImmutableArray<double>? Factors, ImmutableArray<SmoothingCandidate> Candidates);
