using System.Collections.Immutable;

namespace MambaQuant.Quant.Models;

/// <summary>A rotation site of a family: its width, the weights that fold it, whether anything is left at run time.</summary>
/// <param name="Site">The site.</param>
/// <param name="Width">Channels that are mixed.</param>
/// <param name="Folds">Weights of one layer that take part.</param>
/// <param name="IsOnline">Whether the activation itself is rotated at run time.</param>
/// <param name="Activation">The activation that the rotation changes; its second moment becomes Tᵀ Σ T.</param>
public sealed record RotationSiteDefinition(
    RotationSite Site, int Width, ImmutableArray<FoldStep> Folds, bool IsOnline, ActivationSite Activation);
