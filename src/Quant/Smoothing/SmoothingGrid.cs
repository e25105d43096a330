using System.Collections.Immutable;

namespace MambaQuant.Quant.Smoothing;

/// <summary>How the migration strength of a site is set.</summary>
/// <param name="Alpha">The fixed α, or null to search.</param>
/// <param name="Candidates">The α to try; "no smoothing" is always tried as well. Unused where α is fixed.</param>
public sealed record SmoothingGrid(double? Alpha, ImmutableArray<double> Candidates);
