using System.Collections.Immutable;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Smoothing;

namespace MambaQuant.Quant.Method;

/// <summary>The transform of a whole model, and how its smoothing was chosen.</summary>
/// <param name="Transform">What is going to be folded.</param>
/// <param name="Smoothing">What was chosen at each smoothing site, layer by layer.</param>
/// <param name="SearchSamples">Sequences that the search saw; 0 where nothing was searched.</param>
public sealed record TransformChoice(ModelTransform Transform, ImmutableArray<ImmutableArray<SmoothingChoice>> Smoothing, int SearchSamples);
