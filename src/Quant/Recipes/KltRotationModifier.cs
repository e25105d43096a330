using MambaQuant.Quant.Models;

namespace MambaQuant.Quant.Recipes;

/// <summary>Rotates by R = K·H: K the eigenvectors of the activations' covariance, H a Hadamard matrix; all channels get equal variance.</summary>
/// <remarks>
/// Folds into weights, nothing is left at run time; so only where both neighbours are linear.
/// Recipe: <c>- KltRotation: { site: ResidualStream, centered: true }</c>.
/// Source: MambaQuant, arXiv 2501.13484, KLT-enhanced rotation.
/// </remarks>
/// <param name="Site"><see cref="RotationSite.ResidualStream"/> (one pooled K for the model) or <see cref="RotationSite.TimeStepRank"/> (a K per layer).</param>
/// <param name="Centered">Whether the mean is taken out of the covariance (Σxxᵀ/n − μμᵀ); true by default.</param>
public sealed record KltRotationModifier(RotationSite Site, bool Centered = true) : Modifier;
