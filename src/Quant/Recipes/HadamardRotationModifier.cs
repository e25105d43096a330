using MambaQuant.Quant.Models;

namespace MambaQuant.Quant.Recipes;

/// <summary>Rotates by a fixed Hadamard matrix, which spreads large channels over all of them.</summary>
/// <remarks>
/// Folds where both neighbours are linear; elsewhere a fast transform (E log E) stays at run time and its inverse is folded.
/// Recipe: <c>- HadamardRotation: { site: OutProjInput }</c>.
/// Source: QuaRot, arXiv 2404.00456; MambaQuant, arXiv 2501.13484, smooth-fused rotation.
/// </remarks>
/// <param name="Site">Any site.</param>
public sealed record HadamardRotationModifier(RotationSite Site) : Modifier;
